"""Invented names for invented people and places: common given names and surnames put together by lot, and places that are on no map.

Nothing here is taken from a list of real people. Words that stand together in one string are alternatives.
"""

# ruff: noqa: SIM905  # word lists are read as text

import unicodedata
from collections.abc import Iterator
from random import Random

from lace.children.rules import EthnicGroup, Ethnicity, Sex

_GIVEN: dict[str, dict[Sex, list[str]]] = {
    heritage: {Sex.FEMALE: female.split(), Sex.MALE: male.split()}
    for heritage, female, male in (
        (
            "welsh",
            "Alaw Alys Angharad Anwen Beca Betsan Branwen Bronwen Buddug Carys Casi Catrin Ceri Cadi Efa Eiliw Eira Eirlys Elain Eleri Eleri-Haf"
            " Elin Elen Eluned Enfys Erin Esyllt Ffion Fflur Gwen Gwenan Gwenllian Gwenno Gwawr Hafwen Haf Heledd Lili Llinos Lleucu Lowri Luned"
            " Lleuwen Mabli Mair Mali Manon Mari Martha Megan Meinir Meleri Menna Mirain Morfudd Myfanwy Nansi Nel Nesta Nia Non Olwen Rhian Rhiannon"
            " Rhonwen Seren Siân Sioned Siwan Tegan Tegwen Tesni",
            "Aled Alun Aneirin Arwel Bedwyr Berwyn Bleddyn Bryn Cadog Cai Caradog Cian Cynan Dafydd Deio Deiniol Dewi Dylan Dyfan Efan Eifion Einion"
            " Elgan Elis Emlyn Emrys Emyr Endaf Eurig Gareth Garmon Geraint Gethin Glyn Griff Gruff Gruffydd Guto Gwern Gwilym Gwion Harri Hedd Huw"
            " Hywel Iago Idris Iestyn Ieuan Ifan Ilan Iolo Iorwerth Ioan Jac Lewys Llew Llŷr Llywelyn Macsen Madog Math Meilyr Meirion Morgan Moi"
            " Nedw Osian Owain Rhodri Rhun Rhydian Rhys Siôn Steffan Tomos Trystan Tudur Twm Ynyr",
        ),
        (
            "english",
            "Abigail Alice Amber Amelia Amy Anna Ava Bella Bethany Charlotte Chelsea Chloe Daisy Eleanor Ella Ellie Emily Emma Evie Faith"
            " Florence Freya Georgia Grace Hannah Harriet Hollie Imogen Isabella Isla Ivy Jasmine Jessica Kayleigh Keira Lacey Lauren Leah Lexi Lily"
            " Lola Lucy Maisie Matilda Mia Millie Molly Natasha Olivia Paige Phoebe Poppy Rosie Ruby Scarlett Skye Sophie Summer Tia Willow Zoe",
            "Aaron Adam Aidan Alex Alfie Archie Arthur Ashton Ben Benjamin Bobby Caleb Callum Cameron Charlie Christopher Cole Connor Corey Daniel"
            " Declan Dominic Edward Elliot Ethan Ewan Finley Frankie Freddie George Harley Harry Harvey Henry Isaac Jack Jacob Jake James Jamie"
            " Jayden Jenson Joe Jordan Joseph Joshua Jude Kai Kian Kieran Leo Levi Liam Logan Louis Luca Lucas Luke Mason Matthew Max Nathan Noah"
            " Oliver Oscar Ollie Reece Riley Robbie Rory Ryan Sam Samuel Sebastian Taylor Theo Thomas Toby Tyler William Zac",
        ),
        (
            "indian",
            "Aanya Aditi Anika Asha Diya Isha Kavya Leela Meera Neha Nisha Priya Riya Sanvi Tara",
            "Aarav Aditya Amar Arjun Dev Ishaan Jai Karan Kiran Nikhil Rahul Rohan Sachin Veer Vikram",
        ),
        (
            "muslim",
            "Aaliyah Aisha Amina Fatima Hafsa Hana Iqra Layla Maryam Nadia Noor Rania Safiya Sara Sumaya Yasmin Zahra Zainab",
            "Abdul Adil Ahmed Ali Amir Bilal Dawud Farhan Hamza Hassan Ibrahim Imran Karim Khalid Mustafa Omar Rashid Samir Tariq Yusuf Zayd",
        ),
        (
            "chinese",
            "Hui Jia Lan Lin Mei Qing Xia Xin Yan Ying Yue Zhen",
            "Bo Chen Hao Jian Jun Lei Ming Peng Tao Wei Yang Zhi",
        ),
        (
            "african",
            "Abena Adaeze Akosua Amara Chidinma Eshe Folake Imani Makena Ngozi Nia Thandiwe Yaa Zola",
            "Ade Babatunde Chidi Emeka Femi Jabari Kofi Kwame Kwesi Obi Sefu Tendai Tunde Zuberi",
        ),
        (
            "caribbean",
            "Aaliyah Alicia Chantelle Danielle Gabrielle Jada Kiara Latoya Monique Naomi Renee Shanice Tamara Tiana",
            "Andre Curtis Darnell Dwayne Isaiah Jermaine Kadeem Leroy Malachi Marlon Omari Reuben Tyrone Zion",
        ),
        (
            "other",
            "Anahita Bao Darya Dilan Linh Lorena Mai Marisol Niloufar Roza Shirin Soraya Tala Thuy",
            "An Arash Baran Carlos Dara Duc Farhad Hien Kawa Minh Navid Quang Rostam Soran",
        ),
        (
            "european",
            "Agata Alina Anastasia Andreea Daria Elena Ewa Gabriela Ioana Julia Kasia Lena Magda Milena Oksana Zofia",
            "Adrian Andrei Bartek Bogdan Dawid Filip Jakub Kacper Marek Mihai Mykola Oleksandr Pawel Stefan Tomasz Vlad",
        ),
    )
}  # fmt: skip
_SURNAMES: dict[str, list[str]] = {
    "welsh": (
        "Jones Davies Williams Evans Thomas Roberts Lewis Hughes Morgan Griffiths Edwards Owen James Rees Price Morris Phillips Lloyd Jenkins Parry"
        " Powell Bowen Howells Pritchard Llewellyn Watkins Rowlands Ellis Bevan Harris John Vaughan Probert Prosser Humphreys Meredith Pugh Gwynne"
        " Beynon Bebb Cadwaladr Conway Daniel Eynon Gethin Gough Gwilliam Hopkin Hopkins Ifans Jarman Mathias Maddocks Nicholas Pennant Protheroe"
        " Rhydderch Richards Rosser Tudor Treharne Wynne Wyn Yorath"
    ).split(),
    "english": (
        "Smith Taylor Brown Wilson Johnson Wright Walker White Green Hall Wood Clarke Turner Hill Cooper Ward Baker Moore Carter King Harrison Allen"
        " Bennett Cook Shaw Mitchell Collins Parker Webb Rogers Gray Mills Barnes Knight Butler Russell Fisher Stevens Murray Dixon Hunt Palmer"
        " Holmes Mason Kelly Murphy Ryan Walsh Sullivan Burke Chapman Ford Gibson Grant Marshall Reynolds Saunders Spencer Pearce Fox Dean Lane"
    ).split(),
    "indian": "Bhatt Chauhan Desai Gill Iyer Joshi Kaur Mehta Nair Patel Rao Sandhu Shah Sharma Singh Verma".split(),
    "muslim": "Abdi Ahmed Akhtar Ali Begum Chowdhury Hassan Hussain Iqbal Islam Khan Malik Miah Mahmood Omar Rahman Saleh Uddin Yusuf".split(),
    "chinese": "Chan Chen Cheung Huang Lam Li Lin Liu Tang Wang Wong Wu Yang Zhang Zhou".split(),
    "african": "Abara Adeyemi Afolabi Asante Banda Boateng Chukwu Eze Kamau Mensah Moyo Mwangi Ncube Nwosu Okafor Okoro Osei Owusu Sesay".split(),
    "caribbean": "Bailey Barrett Blake Campbell Clarke Daley Francis Gordon Grant Henry Lewin McKenzie Morrison Reid Sinclair Wallace".split(),
    "other": "Barzani Carvalho Dang Duarte Farahani Haddad Hosseini Karimi Mendes Nazari Nguyen Pham Rezaei Santos Tran Vargas".split(),
    "european": "Bondar Dumitru Ionescu Kowal Kovalenko Lewandowski Mazur Munteanu Nowak Petrov Popa Shevchuk Wójcik Zając Zielinska".split(),
}
_HERITAGE: dict[Ethnicity, tuple[str, ...]] = {
    Ethnicity.WHITE_OTHER: ("european",),
    Ethnicity.WHITE_ROMA: ("european",),
    Ethnicity.ASIAN_INDIAN: ("indian",),
    Ethnicity.ASIAN_PAKISTANI: ("muslim",),
    Ethnicity.ASIAN_BANGLADESHI: ("muslim",),
    Ethnicity.ASIAN_CHINESE: ("chinese",),
    Ethnicity.ASIAN_OTHER: ("other", "muslim"),
    Ethnicity.BLACK_AFRICAN: ("african", "muslim"),
    Ethnicity.BLACK_CARIBBEAN: ("caribbean",),
    Ethnicity.BLACK_OTHER: ("african", "caribbean"),
    Ethnicity.ARAB: ("muslim",),
    Ethnicity.OTHER: ("other", "muslim"),
    Ethnicity.MIXED_CARIBBEAN: ("caribbean", "english", "welsh"),
    Ethnicity.MIXED_AFRICAN: ("african", "english", "welsh"),
    Ethnicity.MIXED_ASIAN: ("indian", "muslim", "english", "welsh"),
}
_SHORT = {
    "Abigail": "Abi", "Benjamin": "Ben", "Charlotte": "Lottie", "Christopher": "Chris", "Eleanor": "Nell", "Gwenllian": "Gwenno", "Joshua": "Josh",
    "Llywelyn": "Llew", "Matthew": "Matt", "Samuel": "Sam", "Sebastian": "Seb", "Thomas": "Tom", "Gruffydd": "Gruff", "Rhiannon": "Non",
}  # fmt: skip


def given_and_family(rng: Random, sex: Sex, ethnicity: Ethnicity, welsh: float) -> tuple[str, str]:
    """A given name and surname that fit together; `welsh` is the share of Welsh given names among people of British background."""
    heritages = _HERITAGE.get(ethnicity, ())
    heritage = rng.choice(heritages) if heritages else ("welsh" if rng.random() < welsh else "english")
    given = rng.choice(_GIVEN[heritage][sex])
    # Welsh surnames are common whatever the given name's language, and in families of mixed background.
    if heritage in ("welsh", "english"):
        heritage = "welsh" if rng.random() < 0.45 + welsh / 2 else "english"
    elif ethnicity.group == EthnicGroup.MIXED and rng.random() < 0.5:
        heritage = "welsh"
    family = rng.choice(_SURNAMES[heritage])
    if rng.random() < 0.06:
        second = rng.choice(_SURNAMES["welsh"])
        family = family if second == family else f"{family}-{second}"
    return given, family


def preferred(rng: Random, given: str) -> str:
    """The short form some people go by, or nothing."""
    short = _SHORT.get(given, "")
    return short if short and rng.random() < 0.6 else ""


def mailbox(given: str, family: str) -> str:
    """The part of an e-mail address before the @, in plain letters: "Siân Rees-Lloyd" gives "sian.rees-lloyd"."""
    plain = unicodedata.normalize("NFKD", f"{given}.{family}".lower().replace("ł", "l"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


# Masculine or plural after the article, so that nothing mutates.
_LANDS = (
    "Bro Bryn Cae Coed Craig Cwm Dôl Dyffryn Erw Ffordd Glan Glyn Gwern Llwyn Llys Maes Nant Pant Parc Pen Pentre Rhiw Rhos Rhyd Tan Tir Trem Waun"
).split()
_THINGS = (
    "y Barcud;y Bedw;y Briallu;y Cadno;y Caeau;y Carw;y Ceirios;y Celyn;y Cerrig;y Cnau;y Deri;y Dolydd;y Draenog;y Dryw;y Dyfrgi;y Ffynhonnau;"
    "y Grug;y Gwenyn;y Gwyddau;y Llyn;y Meini;y Môr;y Mwyar;y Perthi;y Rhedyn;y Sêr;yr Adar;yr Afalau;yr Alarch;yr Ehedydd;yr Eirin;yr Eithin;"
    "yr Enfys;yr Eryr;yr Haul;yr Hebog;yr Helyg;yr Ynn;yr Ystlum"
).split(";")
_ENGLISH_FIRST = (
    "Alder Ash Badger Beacon Blackthorn Bluebell Bracken Brook Copper Curlew Elder Fern Foxglove Furnace Harbour Hawthorn Heather Heron Hazel Kestrel"
    " Kingfisher Lapwing Larch Linnet Mill Orchard Otter Quarry Rowan Sandpiper Skylark Slate Sorrel Spring Swallow Tinplate Wharf Willow Wren Yew"
).split()
_ENGLISH_SECOND = "Bank Bridge Close Corner Court Fields Gate Green Grove Hill Lane Meadow Park Rise Road Row Side View Vale Wood".split()
_STREETS = ("Heol", "Ffordd", "Stryd", "Lôn")


def welsh_places(rng: Random) -> Iterator[str]:
    """Place names without end, none twice until 3,000 are used: "Cwm yr Helyg"."""
    places = [f"{land} {thing}" for land in _LANDS for thing in _THINGS]
    rng.shuffle(places)
    yield from places
    yield from (f"{place} {end}" for end in ("Uchaf", "Isaf", "Ganol") for place in places)
    yield from (f"{place} {number}" for number in range(2, 1000) for place in places)


def english_places(rng: Random) -> Iterator[str]:
    """Place names without end, none twice until 3,000 are used: "Kingfisher Lane"."""
    places = [f"{first} {second}" for first in _ENGLISH_FIRST for second in _ENGLISH_SECOND]
    rng.shuffle(places)
    yield from places
    yield from (f"{end} {place}" for end in ("Upper", "Lower", "New") for place in places)
    yield from (f"{place} {number}" for number in range(2, 1000) for place in places)


def street(rng: Random) -> str:
    """A house number and a street."""
    if rng.random() < 0.5:
        return f"{rng.randrange(1, 120)} {rng.choice(_STREETS)} {rng.choice(_THINGS)}"
    return f"{rng.randrange(1, 120)} {rng.choice(_ENGLISH_FIRST)} {rng.choice(('Road', 'Street', 'Close', 'Lane', 'Way'))}"
