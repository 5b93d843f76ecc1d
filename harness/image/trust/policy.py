"""Which images of a build must be signed, and a source of images that gives those only as they were signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from harness.errors import InputError
from harness.image.entries import Entry, ImageSource, ResolvedImage
from harness.image.oci.layout import Absent, OciLayout
from harness.image.oci.reference import full_name
from harness.image.trust.reader import TrustedRepository
from harness.image.yaml.assembly import Placed
from harness.image.yaml.schema import Trust
from harness.words import Arch

MustBeSigned = Callable[[str], bool]  # by an image's reference


def demand(trusts: Sequence[Placed[Trust]]) -> MustBeSigned:
    """What the `trust` of all YAMLs together asks for. Pure. Raises InputError for a name that is none."""
    names: set[str] = set()
    orgs: set[str] = set()
    everything = False
    for placed in trusts:
        everything |= placed.value.required
        orgs.update(placed.value.org or ())
        for index, image in enumerate(placed.value.image or ()):
            try:
                names.add(full_name(image))
            except InputError as problem:
                raise InputError(problem.what, where=placed.where("image", index), hint=problem.hint) from None

    def must(ref: str) -> bool:
        name = full_name(ref)
        plain = name.partition("@")[0]
        registry, _, path = plain.partition("/")
        bare = path.rpartition(":")[0] or path  # a colon behind the registry is a tag's
        return everything or bool({name, plain, f"{registry}/{bare}"} & names) or path.partition("/")[0] in orgs

    return must


class Enforced:
    """Images that must be signed come from the repository; where a layout was named that has another under the same
    name, the build is refused. All others come from where they would anyway."""

    def __init__(
        self, others: ImageSource, repository: TrustedRepository, must: MustBeSigned, named: OciLayout | None = None
    ) -> None:
        self._others, self._repository, self._must, self._named = others, repository, must, named

    def resolve(self, ref: str, arch: Arch) -> ResolvedImage:
        """As `ImageSource.resolve`. Raises InputError for an image that is not signed, or not as it was signed."""
        if not self._must(ref):
            return self._others.resolve(ref, arch)
        if self._named is not None and self._named.has(ref):
            return self._as_signed(ref, self._named.resolve(ref, arch), arch)
        try:
            return self._repository.resolve(ref, arch)
        except Absent:
            raise self._unsigned(ref, arch) from None

    def layout(self, ref: str, platforms: tuple[str, ...]) -> Iterable[Entry]:
        """As `ImageSource.layout`."""
        if not self._must(ref):
            return self._others.layout(ref, platforms)
        try:
            return list(self._repository.layout(ref, platforms))
        except Absent:
            raise self._unsigned(ref, None) from None

    def _as_signed(self, ref: str, found: ResolvedImage, arch: Arch) -> ResolvedImage:
        signed = self._repository.signed(ref, arch)
        if signed is None:
            raise self._unsigned(ref, arch)
        if signed.digest != found.digest:
            raise InputError(
                f"the image {ref} in {self._named} is not the one that is signed in {self._repository}: "
                f"it is {found.digest}, signed is {signed.digest}",
                hint="copy the signed one there, or sign this one with bootmatrix trust publish",
            )
        return found

    def _unsigned(self, ref: str, arch: Arch | None) -> InputError:
        what = f" for {arch}" if arch else ""
        return InputError(
            f"the image {ref} must be signed, and {self._repository} has no such image signed{what}",
            hint="sign it with bootmatrix trust publish, or leave it out of `trust`",
        )
