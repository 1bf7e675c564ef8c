"""The 28 tasks of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022)."""

FURTHER = ("ninapro", "svhn", "scifar100")
TRANSNAS = (
    "class_object",
    "class_scene",
    "jigsaw",
    "room_layout",
    "segmentsemantic",
    "autoencoder",
    "normal",
)
TASKS = {
    "nasbench101": ("cifar10",),
    "nasbench201": ("cifar10", "cifar100", "ImageNet16-120", *FURTHER),
    "nasbench301": ("cifar10", *FURTHER),
    "transnasbench101_micro": (*TRANSNAS, *FURTHER),
    "transnasbench101_macro": TRANSNAS,
}
"""The tasks by search space."""
