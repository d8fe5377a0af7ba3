"""flows/declared/labels.py: names as pages print them, and what a reader should see; each pair written by hand."""

from __future__ import annotations

import pytest

from flows.declared.labels import label


@pytest.mark.parametrize(
    ("printed", "readable"),
    [
        ("NASNET-A(6)", "NASNet-A"),
        ("google_resnet50_tpupod_tensorflow18", "Google-ResNet-50-TPU pod"),
        ("vit_base_patch16_384.augreg_in21k_ft_in1k", "ViT-Base/16 384 px (ImageNet-21k)"),
        ("vit-base-p16_in21k-pre_3rdparty_in1k-384px", "ViT-Base/16 384 px (ImageNet-21k)"),
        ("beit-base-p16_beit-pre_8xb128-coslr-100e_in1k", "BEiT-Base/16"),
        ("convnext_large.fb_in22k_ft_in1k_384", "ConvNeXt-Large 384 px (ImageNet-21k)"),
        ("resnet50.a1_in1k", "ResNet-50"),
        ("res2net50_26w_4s.in1k", "Res2Net-50-26w-4s"),
        # A width is no size of an image.
        ("regnety_160.pycls_in1k", "RegNetY-160"),
        # Weights that Instagram was before say so, whatever their recipe is called.
        ("regnety_160.swag_lc_in1k", "RegNetY-160 (Instagram)"),
        ("regnety_320.seer_ft_in1k", "RegNetY-320 (Instagram)"),
        ("EleutherAI/gpt-neox-20b", "GPT-NeoX-20B"),
        ("mobilevit_xxs.cvnets_in1k", "MobileViT-XXS"),
        ("gcvit_xxtiny.in1k", "GC ViT-XXTiny"),
        ("vit_so400m_patch14_siglip_378.webli_ft_in1k", "ViT-SO400M/14-SigLIP 378 px (WebLI)"),
        ("h2oai/h2o-danube-1.8b-base", "H2O-Danube-1.8B-Base"),
        ("regnetx-8.0gf_8xb64_in1k", "RegNetX-8.0GF"),
        ("vit_base_patch16_clip_224.laion2b_ft_in12k_in1k", "ViT-Base/16-CLIP 224 px (LAION-2B, ImageNet-12k)"),
        ("mask_rcnn_R_101_FPN_3x", "Mask R-CNN R-101-FPN 3x"),
        ("cascade_mask_rcnn_R_50_FPN_1x", "Cascade Mask R-CNN R-50-FPN 1x"),
        ("google/gemma-2-27b", "Gemma-2-27B"),
        ("meta-llama/Llama-2-13b-hf", "Llama-2-13b"),
        ("claude-3-5-sonnet-20240620", "Claude-3.5-Sonnet (2024-06-20)"),
        ("qwen2.5-14b-instruct", "Qwen2.5-14B-Instruct"),
        ("BERT (single model)", "BERT"),
        ("MEMEN(singel model)", "MEMEN"),
        ("MEMEN(ensemble model)", "MEMEN, ensemble"),
        ("Faster R-CNN X-101-32x8d-FPN 1x", "Faster R-CNN X-101-32×8d-FPN 1x"),
        ("PP-YOLOE+_l(distill)", "PP-YOLOE+ l (distill)"),
        ("Transformer\nBig", "Transformer Big"),
        # What is readable stays.
        ("ViT-H/14", "ViT-H/14"),
        ("ResNet-18 (PAD-L2 w/ ResNet-34 teacher)", "ResNet-18 (PAD-L2 w/ ResNet-34 teacher)"),
        ("gMLP-B", "gMLP-B"),
        ("iAFF-ResNeXt-50-32x4d", "iAFF-ResNeXt-50-32×4d"),
    ],
)
def test_a_name_is_readable(printed: str, readable: str) -> None:
    assert label(printed) == readable


def test_a_readable_name_is_not_made_another_by_reading_it_again() -> None:
    for printed in ("vit_base_patch16_384.augreg_in21k_ft_in1k", "mask_rcnn_R_101_FPN_3x", "BERT (ensemble)"):
        assert label(label(printed)) == label(printed)
