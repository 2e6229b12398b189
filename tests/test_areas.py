"""Areas by code and by name."""

import pytest

from jitasa_analytics import areas
from jitasa_analytics.errors import UnknownError


@pytest.mark.parametrize(("text", "code"), [
    ("20", "20"), ("๒๐", "20"), ("TH200104", "200104"), ("Chonburi", "20"), ("Chon Buri Province", "20"),
    ("จ.ชลบุรี", "20"), ("จังหวัดชลบุรี", "20"), ("กทม.", "10"), ("กรุงเทพฯ", "10"), ("Nan", "55"),
    ("บางละมุง", "2004"), ("แสนสุข, เมือง, ชลบุรี", "200104"), ("530306", "530407"), ("ประเทศไทย", "TH"),
])
def test_resolve(text: str, code: str) -> None:
    assert areas.resolve(text) == code


@pytest.mark.parametrize("text", ["Chonbury", "99", "2099", "บางพระ", "", "ต."])
def test_what_is_not_certain_is_refused_with_proposals(text: str) -> None:
    with pytest.raises(UnknownError, match="nearest"):
        areas.resolve(text)


def test_a_capital_district_needs_its_province() -> None:
    assert areas.find("ชลบุรี", "เมือง") == "2001"
    assert areas.find(district="เมือง") is None


def test_bangkok_has_khet_and_khwaeng() -> None:
    assert areas.full_name("100101").startswith("แขวง")
    assert areas.full_name("1001") == "เขตพระนคร"
    assert areas.full_name("200104") == "ต.แสนสุข"


def test_counts_of_the_country() -> None:
    assert len(areas.children("TH")) == 77
    assert sum(len(areas.children(p)) for p in areas.children("TH")) == 928
    assert len(areas.children("20")) == 11
    assert sum(len(areas.children(d)) for d in areas.children("20")) == 92


def test_abolished_codes_are_known_as_such() -> None:
    assert areas.exists("104701", abolished=True)
    assert not areas.exists("104701")
    assert areas.name("104701") == "บางนา"


def test_a_prefix_says_which_level_is_meant() -> None:
    assert areas.resolve("บ้านบึง") == "2002"
    assert areas.resolve("อ.บ้านบึง") == "2002"
    with pytest.raises(UnknownError):
        areas.resolve("ต.บ้านบึง")  # several tambons of that name
    assert areas.find(tambon="ต.บ้านบึง", province="ชลบุรี", district="บ้านบึง") == "200201"
