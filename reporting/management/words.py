"""What people in the made population wrote: a few plausible answers, in both languages, so that a plan reads like one."""

from __future__ import annotations

from random import Random
from typing import Any

from lace.accounts.models import Language
from peps.rules.sections import SectionRule

_EN: dict[str, dict[str, tuple[str, ...]]] = {
    "my_page": {
        "like": (
            "Football with my friends at break, and drawing.",
            "Reading about animals, and swimming on Saturdays.",
            "Music, and cooking with my carer.",
        ),
        "good_at": ("Maths when it is quiet. I am a good goalkeeper.", "Art and telling stories.", "I help the younger ones and I can fix bikes."),
        "helps": (
            "Sitting near the front, and time to calm down.",
            "When Miss explains one step at a time.",
            "A card to leave the room when it is too loud.",
        ),
        "matters": ("My brother, my dog and staying at this school.", "Keeping Saturday football."),
        "hard": ("When people shout, and when plans change without a word.", "Reading aloud in front of everyone."),
        "hope": ("To be a vet.", "To play for Wales.", "To run a café of my own."),
        "next": ("To move up a set in maths.", "To go on the trip to Llangrannog.", "To find out about a course with animals."),
        "adults": (
            "Please do not take me out of lessons for meetings.",
            "Ask me first before you tell other people.",
            "I want to see my brother more.",
        ),
    },
    "history": {
        "institutions": ("Two primary schools and this school since entry to care.", "One primary school, then this school from Year 7."),
        "attendance": (
            "Attendance has settled above 94%. No exclusions.",
            "Attendance fell in the spring and has recovered. One day of exclusion last year.",
        ),
        "achievements": ("Bronze swimming award; a merit for reading.", "Captain of the year's football team; art shown in the hall."),
        "needs": ("None.", "An individual development plan for speech and language, kept by the authority."),
    },
    "arrangements": {
        "school": ("Full-time in the year group for the child's age.",),
        "named_adult": ("Mrs Rees, pastoral lead", "Mr Lloyd, form tutor", "Miss Begum, inclusion"),
        "provision": ("Small-group reading three times a week.", "Weekly session with the school's emotional literacy assistant."),
        "promotion": ("Homework club on Tuesdays; a tutor for maths until Easter.", "Reading at home every evening, looked at each Friday."),
        "disruption": ("The placement is near the school, so no change is planned.", "Transport is agreed so that the school stays the same."),
    },
    "attainment": {
        "development": ("Joins in songs, and speaks in sentences of four words. Next: takes turns in a game.",),
        "progress": ("Steady since the last plan.", "Two steps up in reading since September."),
    },
    "aspirations": {
        "expected": ("To reach the end of Year 11 with eight GCSEs and go on to college.", "To read with ease and enjoy school."),
        "bridge": ("A visit to the college farm in the spring.", "A reading mentor from Year 12."),
        "careers": (
            "Animal care or teaching; the careers adviser comes in the spring.",
            "An apprenticeship as an electrician; a week's work is arranged.",
        ),
    },
    "transition": {
        "to": ("The next school in September.", "College in September."),
        "steps": ("Three visits with the named adult; the form tutor comes here in June.",),
    },
    "aln": {"summary": ("Speech and language twice a week; a visual timetable in every lesson.",)},
    "post_16": {
        "course": ("A levels at the sixth form.", "Level 3 in animal management at the college."),
        "follows": ("University.", "Full-time work with the same firm."),
    },
    "pathway": {"passes": ("The course, the bursary and the wish to stay near the college.",)},
    "personal_development": {
        "leisure": ("Plays for the village team and goes to the youth club.", "Swimming, and the Urdd on Thursdays."),
        "wellbeing": ("More settled this term, with two close friends.", "Worried before contact, calmer once it is over."),
        "strategies": ("Ten minutes with the named adult after a hard lesson.", "Warn of changes the day before."),
    },
    "carer": {
        "education": ("Reads together every night and comes to every meeting.", "Checks homework, and rings the school on Fridays."),
        "leisure": ("Takes the child to training and to matches.", "Pays for swimming and drives there."),
        "reading": ("Library card; two new books a month.", "Magazines about football."),
        "home": ("Homework straight after tea.", "Half an hour before the television."),
    },
}
_CY: dict[str, dict[str, tuple[str, ...]]] = {
    "my_page": {
        "like": ("Pêl-droed gyda fy ffrindiau amser egwyl, a thynnu llun.", "Darllen am anifeiliaid, a nofio ar ddydd Sadwrn."),
        "good_at": ("Mathemateg pan mae'n dawel. Dw i'n dda yn y gôl.", "Celf ac adrodd storïau."),
        "helps": ("Eistedd yn agos at y blaen, ac amser i dawelu.", "Pan mae Miss yn egluro un cam ar y tro."),
        "matters": ("Fy mrawd, fy nghi ac aros yn yr ysgol yma.",),
        "hard": ("Pan mae pobl yn gweiddi, a phan mae cynlluniau'n newid heb air.",),
        "hope": ("Bod yn filfeddyg.", "Chwarae i Gymru."),
        "next": ("Symud i fyny set mewn mathemateg.", "Mynd ar y daith i Langrannog."),
        "adults": ("Peidiwch â fy nhynnu o wersi ar gyfer cyfarfodydd.", "Gofynnwch i fi gyntaf cyn dweud wrth bobl eraill."),
    },
    "history": {
        "institutions": ("Dwy ysgol gynradd, a'r ysgol hon ers dod i ofal.",),
        "attendance": ("Mae'r presenoldeb wedi setlo dros 94%. Dim gwaharddiadau.",),
        "achievements": ("Gwobr efydd nofio; teilyngdod am ddarllen.",),
        "needs": ("Dim.", "Cynllun datblygu unigol ar gyfer lleferydd ac iaith, a gynhelir gan yr awdurdod."),
    },
    "arrangements": {
        "school": ("Amser llawn yn y grŵp blwyddyn ar gyfer oedran y plentyn.",),
        "named_adult": ("Mrs Rees, arweinydd bugeiliol", "Mr Lloyd, tiwtor dosbarth"),
        "provision": ("Darllen mewn grŵp bach dair gwaith yr wythnos.",),
        "promotion": ("Clwb gwaith cartref ar ddydd Mawrth; tiwtor mathemateg tan y Pasg.",),
        "disruption": ("Mae'r lleoliad yn agos at yr ysgol, felly nid oes newid ar y gweill.",),
    },
    "attainment": {
        "development": ("Yn ymuno mewn caneuon, ac yn siarad mewn brawddegau o bedwar gair. Nesaf: cymryd tro mewn gêm.",),
        "progress": ("Cyson ers y cynllun diwethaf.",),
    },
    "aspirations": {
        "expected": ("Cyrraedd diwedd Blwyddyn 11 gydag wyth TGAU a mynd ymlaen i'r coleg.", "Darllen yn rhwydd a mwynhau'r ysgol."),
        "bridge": ("Ymweliad â fferm y coleg yn y gwanwyn.",),
        "careers": ("Gofal anifeiliaid neu ddysgu; daw'r cynghorydd gyrfaoedd yn y gwanwyn.",),
    },
    "transition": {
        "to": ("Yr ysgol nesaf ym mis Medi.", "Y coleg ym mis Medi."),
        "steps": ("Tri ymweliad gyda'r oedolyn penodol; daw'r tiwtor dosbarth yma ym mis Mehefin.",),
    },
    "aln": {"summary": ("Lleferydd ac iaith ddwywaith yr wythnos; amserlen weledol ym mhob gwers.",)},
    "post_16": {
        "course": ("Safon Uwch yn y chweched dosbarth.", "Lefel 3 rheoli anifeiliaid yn y coleg."),
        "follows": ("Prifysgol.", "Gwaith llawn amser."),
    },
    "pathway": {"passes": ("Y cwrs, y fwrsariaeth a'r dymuniad i aros yn agos at y coleg.",)},
    "personal_development": {
        "leisure": ("Yn chwarae i dîm y pentref ac yn mynd i'r clwb ieuenctid.", "Nofio, a'r Urdd ar nos Iau."),
        "wellbeing": ("Yn fwy sefydlog y tymor hwn, gyda dau ffrind agos.",),
        "strategies": ("Deng munud gyda'r oedolyn penodol ar ôl gwers anodd.",),
    },
    "carer": {
        "education": ("Yn darllen gyda'i gilydd bob nos ac yn dod i bob cyfarfod.",),
        "leisure": ("Yn mynd â'r plentyn i ymarfer ac i gemau.",),
        "reading": ("Cerdyn llyfrgell; dau lyfr newydd y mis.",),
        "home": ("Gwaith cartref yn syth ar ôl te.",),
    },
}
_CHOSEN: dict[tuple[str, str], tuple[str, ...]] = {
    ("my_page", "feeling"): ("happy", "fine", "worried", "unsure"),
    ("aspirations", "gap"): ("same", "child", "adults"),
    ("aspirations", "still"): ("first", "hold"),
    ("aln", "kind"): ("idp_school", "idp_authority"),
    ("post_16", "mode"): ("full", "part"),
    ("carer", "place"): ("own", "shared"),
    ("carer", "computer"): ("own", "shared", "none"),
}
_TARGETS_EN = (
    {
        "area": "academic",
        "need": "Reading below the level expected for the age.",
        "baseline": "Reads short texts with help.",
        "goal": "Reads a chapter book alone and says what it is about.",
        "measure": "Teacher's reading record, every fortnight.",
        "strategy": "Small-group reading, Monday, Wednesday and Friday, 20 minutes, library, Mrs Rees.",
        "carer_part": "Ten minutes of reading together every evening.",
    },
    {
        "area": "personal",
        "need": "Finds it hard to join in at break.",
        "baseline": "Stays by the staff on most days.",
        "goal": "Plays with at least two others on four days a week.",
        "measure": "The named adult's notes on Fridays.",
        "strategy": "Buddy at break every day, arranged by the form tutor.",
        "carer_part": "A friend to tea once a month.",
    },
)
_TARGETS_CY = (
    {
        "area": "academic",
        "need": "Darllen islaw'r lefel ddisgwyliedig ar gyfer yr oedran.",
        "baseline": "Yn darllen testunau byr gyda chymorth.",
        "goal": "Yn darllen llyfr penodau ar ei ben ei hun ac yn dweud am beth mae'n sôn.",
        "measure": "Cofnod darllen yr athro, bob pythefnos.",
        "strategy": "Darllen mewn grŵp bach, dydd Llun, Mercher a Gwener, 20 munud, y llyfrgell, Mrs Rees.",
        "carer_part": "Deng munud o ddarllen gyda'i gilydd bob nos.",
    },
    {
        "area": "personal",
        "need": "Mae'n anodd ymuno amser egwyl.",
        "baseline": "Yn aros wrth y staff ar y rhan fwyaf o ddyddiau.",
        "goal": "Yn chwarae gydag o leiaf ddau arall ar bedwar diwrnod yr wythnos.",
        "measure": "Nodiadau'r oedolyn penodol ar ddydd Gwener.",
        "strategy": "Cyfaill amser egwyl bob dydd, wedi'i drefnu gan y tiwtor dosbarth.",
        "carer_part": "Ffrind i de unwaith y mis.",
    },
)


def answers(rng: Random, rule: SectionRule, language: str) -> dict[str, Any]:
    """Answers to the section's questions."""
    words = _CY if language == Language.WELSH else _EN
    given: dict[str, Any] = {}
    for question in rule.questions:
        choices = words.get(rule.key, {}).get(question.key) or _CHOSEN.get((rule.key, question.key))
        if choices:
            given[question.key] = rng.choice(choices)
    match rule.key:
        case "my_page":
            given["how"] = "own"
        case "attainment" if "subjects" in {question.key for question in rule.questions}:
            names = ("Cymraeg", "Saesneg", "Mathemateg") if language == Language.WELSH else ("Welsh", "English", "Mathematics")
            given["subjects"] = [
                {"subject": name, "current": f"PS{rng.randint(2, 4)}", "expected": f"PS{rng.randint(3, 5)}", "comment": ""} for name in names
            ]
        case "contacts":
            given["people"] = []
    return given


def targets(language: str) -> tuple[dict[str, str], ...]:
    """An academic target and one of personal development."""
    return _TARGETS_CY if language == Language.WELSH else _TARGETS_EN
