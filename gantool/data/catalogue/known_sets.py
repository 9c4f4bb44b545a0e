"""The facts of the catalogue: files, sizes, digests and mirrors of each data set.

Each value has its source beside it. "torchvision" is pytorch/vision, torchvision/datasets; "tfds"
is tensorflow/datasets, tensorflow_datasets/url_checksums, which states sizes and SHA-256;
"scikit-learn" is sklearn/datasets. What was found in one place only, or could not be found, is
marked "unverified". No mirror was asked while this was written: the digests decide.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from gantool.data.catalogue.entries import CatalogueFile, DataSet, Unpacked

MIB = 1 << 20


def _drive(*ids: str) -> tuple[str, ...]:
    """Files of Google Drive, without the page that asks whether a large file is really wanted."""
    address = "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t"
    return tuple(address.format(one) for one in ids)


def _below(name: str, *addresses: str) -> tuple[str, ...]:
    return tuple(address + name for address in addresses)


# MD5 and SHA-256: torchvision's celeba.py and its prototype of it, which name the same Drive ids
# (the first of each pair below) as tfds, from which the sizes are. The second ids, with the same
# MD5: wearepal/conduit, celeba.py; unverified otherwise. The zip at pytorch-tutorial-assets:
# pytorch/tutorials, .jenkins/download_data.py, same SHA-256. The one at udacity-dlnfd: helper.py of
# Udacity's face generation project, same MD5.
_CELEBA = DataSet(
    name="celeba",
    files=(
        CatalogueFile(
            "img_align_celeba.zip",
            md5="00d2c5bc6d35e252742224ab0c1e8fcb",
            sha256="46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
            size=1_443_490_838,
            mirrors=(
                *_drive("0B7EVK8r0v71pZjFTYXZWM3FlRnM"),
                "https://s3-us-west-1.amazonaws.com/udacity-dlnfd/datasets/celeba.zip",
                "https://s3.amazonaws.com/pytorch-tutorial-assets/img_align_celeba.zip",
                *_drive("1zmsC4yvw-e089uHXj5EdP0BSZ0AlDQRR"),
            ),
        ),
        CatalogueFile(
            "list_attr_celeba.txt",
            md5="75e246fa4810816ffd6ee81facbd244c",
            sha256="f0e5da289d5ccf75ffe8811132694922b60f2af59256ed362afa03fefba324d0",
            size=26_721_026,
            mirrors=_drive("0B7EVK8r0v71pblRyaVFSWGxPY0U", "1gxmFoeEPgF9sT65Wpo85AnHl3zsQ4NvS"),
            trained_on=False,
        ),
        CatalogueFile(
            "list_eval_partition.txt",
            md5="d32c9cbf5e040fd4025c592c306e6668",
            sha256="fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
            size=2_836_386,
            mirrors=_drive("0B7EVK8r0v71pY0NSMzRuSXJEVkk", "1ih_VMokoI774ErNWrb26lDeWlanUBpnX"),
            trained_on=False,
        ),
    ),
    images="img_align_celeba.zip",
    has_labels=False,
)


# SHA-256 and sizes: tfds, for the first of the addresses, which forwards to the second. The
# publisher's page (kriz/cifar.html) has the MD5 c32a1d4ab5d03f1284b67883e8d87530 and
# 03b5dce01913d631647c71ecec9e9cb8, which are not checked, because no one source states both digests
# of one file. That the copy in s4tf-hosted-binaries (tensorflow/swift-models, CIFAR10.swift) is the
# same file is unverified. The limits are from the format: 60,000 records of 3,073 or 3,074 bytes
# are 184 MB.
def _cifar(name: Literal["cifar10", "cifar100"], file: CatalogueFile) -> DataSet:
    places = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")
    file = replace(file, mirrors=(*_below(file.name, *places), *file.mirrors))
    return DataSet(name=name, files=(file,), images=file.place, form=name)


_CIFAR10 = _cifar(
    "cifar10",
    CatalogueFile(
        "cifar-10-binary.tar.gz",
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        size=170_052_171,
        mirrors=(
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/"
            "cifar-10-binary.tar.gz",
        ),
        unpacked=Unpacked("cifar-10-batches-bin", limit=256 * MIB),
    ),
)
_CIFAR100 = _cifar(
    "cifar100",
    CatalogueFile(
        "cifar-100-binary.tar.gz",
        sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        size=168_513_733,
        unpacked=Unpacked("cifar-100-binary", limit=256 * MIB),
    ),
)

# Measured on the file of this repository, from which it comes.
_EMOJI = DataSet(
    name="emoji",
    files=(
        CatalogueFile(
            "noto-emoji-136x128.zip", md5="04d5c0404ff8daf49337c147abdb4d75", size=11_223_621
        ),
    ),
    images="noto-emoji-136x128.zip",
    has_labels=False,
)


def _idx(name: str, mirrors: tuple[str, ...], files: tuple[CatalogueFile, ...]) -> DataSet:
    """A set in the four files that MNIST made usual."""
    return DataSet(
        name=name,
        files=tuple(replace(file, mirrors=_below(file.name, *mirrors)) for file in files),
        images="train-images-idx3-ubyte.gz",
    )


# MD5: torchvision's mnist.py and the README of zalandoresearch/fashion-mnist. SHA-256 and sizes:
# tfds. The repository's own copies have the same SHA-256. That those of Keras
# (keras/datasets/fashion_mnist.py) are the same files is seen by their sizes only.
_FASHION_MNIST = _idx(
    "fashion-mnist",
    (
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    (
        CatalogueFile(
            "train-images-idx3-ubyte.gz",
            md5="8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            sha256="3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            size=26_421_880,
        ),
        CatalogueFile(
            "train-labels-idx1-ubyte.gz",
            md5="25c81989df183df01b3e8a0aad5dffbe",
            sha256="a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            size=29_515,
        ),
        CatalogueFile(
            "t10k-images-idx3-ubyte.gz",
            md5="bef4ecab320f06d8554ea6380940ec79",
            sha256="346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            size=4_422_102,
        ),
        CatalogueFile(
            "t10k-labels-idx1-ubyte.gz",
            md5="bb300cfdad3c16e7a12a480ee83cd310",
            sha256="67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            size=5_148,
        ),
    ),
)

# SHA-256 and sizes: tfds, for the first of the addresses; torchvision's flowers102.py has the same
# names there with the MD5 52808999861908f626f3c1f4e79d11fa and e0620be6f572b9609742df49c70aed4d,
# which are not checked, because no one source states both digests of one file. That the files at
# thor.robots.ox.ac.uk are the same is unverified. The limit is twice the archive: JPEG files, which
# gzip cannot make smaller, and the headers of tar.
_FLOWERS102 = DataSet(
    name="flowers102",
    files=(
        CatalogueFile(
            "102flowers.tgz",
            sha256="2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
            size=344_862_509,
            mirrors=_below(
                "102flowers.tgz",
                "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
                "https://thor.robots.ox.ac.uk/flowers/102/",
            ),
            unpacked=Unpacked("jpg", limit=700 * MIB),
        ),
        CatalogueFile(
            "imagelabels.mat",
            sha256="4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d",
            size=502,
            mirrors=_below(
                "imagelabels.mat",
                "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
                "https://thor.robots.ox.ac.uk/flowers/102/",
            ),
        ),
    ),
    images="jpg",
    form="flowers",
)

# MD5: torchvision's mnist.py. SHA-256 and sizes: tfds. No mirror but the publisher's own is known.
_KMNIST = _idx(
    "kmnist",
    (
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
    (
        CatalogueFile(
            "train-images-idx3-ubyte.gz",
            md5="bdb82020997e1d708af4cf47b453dcf7",
            sha256="51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            size=18_165_135,
        ),
        CatalogueFile(
            "train-labels-idx1-ubyte.gz",
            md5="e144d726b3acfaa3e44228e80efcd344",
            sha256="e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            size=29_497,
        ),
        CatalogueFile(
            "t10k-images-idx3-ubyte.gz",
            md5="5c965bf0a639b31b8f53240b1b52f4d7",
            sha256="edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            size=3_041_136,
        ),
        CatalogueFile(
            "t10k-labels-idx1-ubyte.gz",
            md5="7320c461ea6c1c855c0b718fb2a4b134",
            sha256="20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            size=5_120,
        ),
    ),
)

# The photographs as collected, neither funneled nor deep-funneled. SHA-256: scikit-learn's _lfw.py
# for the address at figshare, and tfds for the one at the publisher, with the size. torchvision's
# lfw.py states the MD5 a17d05bd522c52d84eca14327a23d494 for the latter; it is not checked, because
# no one source states both digests. The limit is twice the archive, as for flowers102.
_LFW = DataSet(
    name="lfw",
    files=(
        CatalogueFile(
            "lfw.tgz",
            sha256="055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0",
            size=180_566_744,
            mirrors=(
                "http://vis-www.cs.umass.edu/lfw/lfw.tgz",
                "https://ndownloader.figshare.com/files/5976018",
            ),
            unpacked=Unpacked("lfw", limit=350 * MIB),
        ),
    ),
    images="lfw",
    form="folder",
)

# MD5: torchvision's mnist.py, for the first address. SHA-256 and sizes: tfds, for the second;
# ankane/torchvision-ruby, mnist.rb, has the same SHA-256 for the first. MD5 of the content:
# data/README.md.
_MNIST = _idx(
    "mnist",
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    (
        CatalogueFile(
            "train-images-idx3-ubyte.gz",
            md5="f68b3c2dcbeaaa9fbdd348bbdeb94873",
            sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            size=9_912_422,
            content_md5="6bbc9ace898e44ae57da46a324031adb",
        ),
        CatalogueFile(
            "train-labels-idx1-ubyte.gz",
            md5="d53e105ee54ea40749a09fcbcd1e9432",
            sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            size=28_881,
            content_md5="a25bea736e30d166cdddb491f175f624",
        ),
        CatalogueFile(
            "t10k-images-idx3-ubyte.gz",
            md5="9fb629c4189551a2d022fa330f9573f3",
            sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            size=1_648_877,
            content_md5="2646ac647ad5339dbf082846283269ea",
        ),
        CatalogueFile(
            "t10k-labels-idx1-ubyte.gz",
            md5="ec29112dd5afa0611ce80d1b7f02629c",
            sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            size=4_542,
            content_md5="27ae3e4e09519cfbb04c329615203637",
        ),
    ),
)

SETS = (_CELEBA, _CIFAR10, _CIFAR100, _EMOJI, _FASHION_MNIST, _FLOWERS102, _KMNIST, _LFW, _MNIST)
