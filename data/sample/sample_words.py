"""Words and shares of the synthetic rows: what is asked for, who helps, what is observed."""

from __future__ import annotations

# Share of requests by the category of their first item.
CATEGORY_SHARE = {
    "food": 0.25, "medicine": 0.18, "supplies": 0.17, "medical": 0.14,
    "transport": 0.11, "bed": 0.06, "oxygen": 0.04, "other": 0.05,
}
# Weight of low, normal, high and critical by category.
URGENCY_SHARE = {
    "food": (0.20, 0.60, 0.18, 0.02), "medicine": (0.10, 0.50, 0.33, 0.07),
    "supplies": (0.38, 0.52, 0.09, 0.01), "medical": (0.05, 0.35, 0.45, 0.15),
    "transport": (0.15, 0.45, 0.30, 0.10), "bed": (0.0, 0.10, 0.50, 0.40),
    "oxygen": (0.0, 0.05, 0.35, 0.60), "other": (0.45, 0.45, 0.09, 0.01),
}
# Item, whether the quantity is for each person, and the most that is asked for.
ITEMS: dict[str, tuple[tuple[str, bool, int], ...]] = {
    "food": (("ข้าวกล่อง", True, 14), ("ข้าวสาร (กิโลกรัม)", True, 5), ("น้ำดื่ม (ขวด)", True, 12),
             ("อาหารแห้ง (ชุด)", True, 2), ("นมผงเด็ก (กล่อง)", False, 4)),
    "medicine": (("ยาลดไข้ (แผง)", True, 2), ("ฟ้าทะลายโจร (กระปุก)", True, 2),
                 ("ยาโรคประจำตัว (ชุด)", False, 2), ("ผงเกลือแร่ (ซอง)", True, 10)),
    "supplies": (("หน้ากากอนามัย (ชิ้น)", True, 20), ("แอลกอฮอล์เจล (ขวด)", True, 2),
                 ("ผ้าอ้อมผู้ใหญ่ (ห่อ)", False, 4), ("ชุดเครื่องนอน (ชุด)", True, 1)),
    "medical": (("ตรวจหาเชื้อถึงบ้าน (คน)", True, 1), ("พบแพทย์ทางไกล (ครั้ง)", False, 2),
                ("เครื่องวัดออกซิเจนปลายนิ้ว (เครื่อง)", False, 1), ("ทำแผล (ครั้ง)", False, 3)),
    "transport": (("รถรับส่งผู้ป่วย (เที่ยว)", False, 1), ("รถไปจุดฉีดวัคซีน (เที่ยว)", False, 2),
                  ("รถไปตรวจหาเชื้อ (เที่ยว)", False, 1)),
    "bed": (("เตียงโรงพยาบาล (เตียง)", False, 2), ("เตียงศูนย์พักคอย (เตียง)", True, 1)),
    "oxygen": (("ถังออกซิเจน (ถัง)", False, 2), ("เครื่องผลิตออกซิเจน (เครื่อง)", False, 1)),
    "other": (("พ่นฆ่าเชื้อในบ้าน (ครั้ง)", False, 1), ("ดูแลสัตว์เลี้ยง (ครั้ง)", False, 3),
              ("ให้คำปรึกษาทางใจ (ครั้ง)", False, 2)),
}
# Categories whose help ends at a hospital.
TO_HOSPITAL = ("bed", "transport", "medical")

VOLUNTEER_SHARE = {
    "health_volunteer": 0.36, "village_head": 0.11, "local_official": 0.10, "student": 0.10,
    "local_leader": 0.07, "community_development_leader": 0.06, "green_volunteer": 0.06,
    "womens_fund": 0.05, "kamnan": 0.04, "other": 0.05,
}
_LEADING = ("coordination", "delivery", "driving", "local_knowledge")
_CARING = ("cooking", "delivery", "counselling", "child_care")
SKILLS: dict[str, tuple[str, ...]] = {
    "health_volunteer": ("first_aid", "home_visit", "swab_assist", "delivery", "counselling"),
    "village_head": _LEADING, "kamnan": _LEADING, "local_leader": _LEADING,
    "local_official": ("coordination", "data_entry", "driving", "rescue"),
    "student": ("data_entry", "delivery", "translation", "counselling"),
    "community_development_leader": _CARING, "womens_fund": _CARING,
    "green_volunteer": ("waste_handling", "disinfection", "delivery"),
    "other": ("driving", "delivery", "nursing", "translation", "rescue"),
}
_ROAD = ("motorcycle", "car", "pickup")
EQUIPMENT: dict[str, tuple[str, ...]] = {
    "health_volunteer": ("motorcycle", "thermometer", "oximeter", "ppe"),
    "village_head": _ROAD, "kamnan": _ROAD, "local_leader": _ROAD,
    "local_official": ("pickup", "van", "ambulance", "radio"),
    "student": ("motorcycle", "bicycle", "laptop"),
    "community_development_leader": ("motorcycle", "pickup", "kitchen"),
    "womens_fund": ("motorcycle", "car", "kitchen"),
    "green_volunteer": ("motorcycle", "pickup", "sprayer"),
    "other": (*_ROAD, "ambulance", "oxygen_cylinder", "boat"),
}

# What officers report from the field, and the largest count of it.
OBSERVED = (
    ("บ้านที่กักตัว (หลัง)", 40), ("คนรอที่จุดฉีดวัคซีน (คน)", 120), ("ถังออกซิเจนคงเหลือ (ถัง)", 15),
    ("ชุดตรวจคงเหลือ (ชุด)", 200), ("บ้านที่ยังไม่มีใครไปถึง (หลัง)", 12), ("ผู้สูงอายุอยู่ลำพัง (คน)", 20),
)
