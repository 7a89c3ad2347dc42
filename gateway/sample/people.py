"""people: who and where in the invented municipality of Kuusijoki, and what is planned there.

Tables only; `generate` makes rows and events of them. Every name of a person, place or firm is invented.
"""

ORGANISATIONS = [
    {"id": "kj", "kind": "municipality", "name": "Kuusijoki", "timezone": "Europe/Helsinki",
     "languages": ["fi", "sv"], "phone": "+358400000001",
     "links": [{"title": "Työpaikkaohjaajan opas", "url": "https://kuusijoki.example.org/ohjaajan-opas"}]},
    {"id": "kjk", "kind": "school", "parent": "kj", "name": "Kuusijoen koulu", "phone": "+358400000010"},
    {"id": "tuo", "kind": "school", "parent": "kj", "name": "Tuohilammen koulu", "phone": "+358400000011"},
    {"id": "aln", "kind": "school", "parent": "kj", "name": "Alnäs skola", "phone": "+358400000012",
     "languages": ["sv", "fi"]},
    {"id": "vas", "kind": "school", "parent": "kj", "name": "Vasamäen koulu", "phone": "+358400000013"},
    {"id": "kjk-a", "kind": "group", "parent": "kjk", "name": "JOPO A"},
    {"id": "kjk-b", "kind": "group", "parent": "kjk", "name": "JOPO B"},
    {"id": "tuo-a", "kind": "group", "parent": "tuo", "name": "JOPO Tuohi"},
    {"id": "aln-a", "kind": "group", "parent": "aln", "name": "JOPO Alnäs"},
    {"id": "vas-a", "kind": "group", "parent": "vas", "name": "JOPO Vasa"},
]

GROUPS = {"kjk-a": "fi", "kjk-b": "fi", "tuo-a": "fi", "aln-a": "sv", "vas-a": "fi"}  # whose bells they keep

CALENDAR = [{"organisation": "kj", "from": first, "until": last, "kind": kind, "name": name}
            for first, last, kind, name in (
                ("2026-08-11", "2026-12-18", "term", "Syyslukukausi / Höstterminen"),
                ("2026-10-19", "2026-10-23", "break", "Syysloma / Höstlov"),
                ("2026-11-28", "2026-11-28", "school", "Lauantaityöpäivä / Lördagsskola"),
                ("2026-12-19", "2027-01-06", "break", "Joululoma / Jullov"),
                ("2027-01-07", "2027-06-05", "term", "Kevätlukukausi / Vårterminen"),
                ("2027-03-08", "2027-03-12", "break", "Talviloma / Sportlov"),
                ("2027-06-05", "2027-06-05", "school", "Kevätjuhla / Vårfest"))]

STAFF = [  # id, given, family, language, contacts, roles
    ("T1", "Marjut", "Kallioharju", "fi", "sms email", [("teacher", "kjk-a")]),
    ("T2", "Petri", "Ojakangas", "fi", "sms email", [("teacher", "kjk-b")]),
    ("T3", "Sanna", "Vuorensola", "fi", "sms email", [("teacher", "tuo-a")]),
    ("T4", "Gunilla", "Östersund", "sv", "sms email", [("teacher", "aln-a")]),
    ("T5", "Heikki", "Pajuniemelä", "fi", "sms email", [("teacher", "vas-a")]),
    ("A1", "Tiina", "Rauhaniitty", "fi", "sms email", [("coach", "kjk-a")]),
    ("A2", "Jarno", "Sillanmäki", "fi", "sms email", [("coach", "kjk-b")]),
    ("A3", "Outi", "Haukisuo", "fi", "sms email", [("coach", "tuo-a")]),
    ("A4", "Kenneth", "Furuhed", "sv", "sms email", [("coach", "aln-a")]),
    ("A5", "Anu", "Leppikorpi", "fi", "sms email", [("coach", "vas-a")]),
    ("K1", "Riikka", "Saarelainen", "fi", "sms email",
     [("curator", "kjk-a"), ("curator", "kjk-b"), ("curator", "tuo-a"), ("curator", "vas-a")]),
    ("K2", "Malin", "Backlund", "sv", "sms email", [("curator", "aln-a")]),
    ("R1", "Timo", "Alhonsaari", "fi", "sms email", [("principal", "kjk")]),
    ("R2", "Eija", "Kuusimaa", "fi", "sms email", [("principal", "tuo")]),
    ("R3", "Fredrik", "Lövsund", "sv", "sms email", [("principal", "aln")]),
    ("R4", "Pirjo", "Tuomikallio", "fi", "sms email", [("principal", "vas")]),
    ("O1", "Hanna", "Väljänen", "fi", "sms email", [("coordinator", "kj")]),
    ("E1", "Leena", "Hirsikoski", "fi", "sms email", [("secretary", "kjk")]),
    ("E2", "Merja", "Koivuranta", "fi", "email", [("secretary", "tuo"), ("secretary", "vas")]),
    ("E3", "Ann-Sofi", "Norrgrann", "sv", "sms email", [("secretary", "aln")]),
    ("V1", "Ville", "Harjukangas", "fi", "sms", [("substitute", "tuo")]),
    ("D1", "Päivystys", "Kuusijoki", "fi", "sms", [("duty-phone", "kj")]),
]

TEACHER_OF = {"kjk-a": "T1", "kjk-b": "T2", "tuo-a": "T3", "aln-a": "T4", "vas-a": "T5"}
COACH_OF = {"kjk-a": "A1", "kjk-b": "A2", "tuo-a": "A3", "aln-a": "A4", "vas-a": "A5"}
PRINCIPAL_OF = {"kjk-a": "R1", "kjk-b": "R1", "tuo-a": "R2", "aln-a": "R3", "vas-a": "R4"}

AUDIENCES = [
    {"id": "kj-team", "organisation": "kj", "members": ["O1", "T1", "T2", "T3", "T4", "T5", "A1", "A2", "A3", "A4", "A5"]},
    {"id": "kj-steering", "organisation": "kj", "members": ["O1", "R1", "R2", "R3", "R4", "K1", "K2"]},
]

# A pupil a line: id, name, language, group, grade; then a guardian a line: id, name, rank, and what is special:
# a language, `email` or `sms` (the only channel), `safe` (protected: the number that is safe), `quiet`
# (notify: false), `restricted`, `emergency`, `carer`. Siblings name the same guardian.
PUPIL_TABLE = """
P01 Aino Lehtola fi kjk-a 8
  G01 Johanna Lehtola 1
  G02 Mika Lehtola 1
P02 Eetu Rautanen fi kjk-a 9
  G03 Katja Rautanen 1
  G04 Sami Rautanen 2
P03 Veera Hietaniitty fi kjk-a 8
  G05 Minna Hietaniitty 1
  G06 Harri Korvenoja 2 restricted
P04 Niko Salmelainen fi kjk-a 7
  G07 Päivi Salmelainen 1
  G08 Jukka Salmelainen 2 quiet
P05 Emma Kuosmala fi kjk-a 9
  G09 Satu Kuosmala 1
  G10 Raili Kuosmala 2 emergency
P06 Lumi Harjulehto fi kjk-a 8
  G11 Elina Harjulehto 1
  G12 Patrik Vesterholm 1 sv
P07 Onni Paasiranta fi kjk-a 9
  G13 Kirsi Paasiranta 1
  G14 Antti Paasiranta 1
P08 Leevi Kantomaa fi kjk-a 7
  G15 Maarit Kantomaa 1
P09 Siiri Mäntyviita fi kjk-a 8
  G16 Tuula Mäntyviita 1
  G17 Esa Mäntyviita 2 email
P10 Artur Tammesalu et kjk-a 9
  G18 Kadri Tammesalu 1
  G19 Rein Tammesalu 2
P11 Daniil Orlovin ru kjk-b 9
  G20 Irina Orlovina 1
  G21 Sergei Orlovin 2
P12 Ella Viitakoski fi kjk-b 8
  G22 Heidi Viitakoski 1
  G23 Marko Viitakoski 1
P13 Joona Kivelämaa fi kjk-b 9
  G24 Sari Kivelämaa 1
P14 Roope Haapasalmi fi kjk-b 8
  G25 Niina Haapasalmi 1
  G26 Juha Haapasalmi 2
P15 Venla Suvantola fi kjk-b 9
  G27 Merja Suvantola 1 email
P16 Sa'diyo Warsame so kjk-b 8
  G28 Hodan Warsame 1
  G29 Abdi Warsame 1
P17 Pyry Kallionoja fi kjk-b 9
  G30 Anne Kallionoja 1
  G31 Teemu Kallionoja 1
P18 Helmi Rintakangas fi kjk-b 7
  G32 Taina Rintakangas 1
P19 Aleksi Mustapuro fi kjk-b 9
  G33 Jaana Mustapuro 1
  G34 Kari Mustapuro 2
P20 Iida Lehmuskallio fi tuo-a 8 safe
  G35 Suvi Lehmuskallio 1 safe
P21 Jere Nevaranta fi tuo-a 9
  G36 Tarja Nevaranta 1
  G37 Pasi Nevaranta 2
P22 Saana Koivistola fi tuo-a 8
  G38 Outi Koivistola 1
  G39 Jouni Koivistola 1
P23 Topias Ylä-Kuusela fi tuo-a 9
  G40 Mervi Ylä-Kuusela 1
P24 Minttu Hakoluoto fi tuo-a 9
  G41 Sirpa Hakoluoto 1
  G42 Risto Hakoluoto 2
P25 Väinö Ketolehto fi tuo-a 9
  G43 Eveliina Ketolehto 1
  G44 Tapio Ketolehto 1
P26 Kerttu Aapasuo fi tuo-a 9
  G45 Marika Aapasuo 1
P27 Anton Solovjevin ru tuo-a 8
  G46 Natalia Solovjevina 1
P28 Peppi Jänismäki fi tuo-a 7
  G47 Hanna-Mari Jänismäki 1
  G48 Olli Jänismäki 1
P29 Alva Strandfors sv aln-a 8
  G49 Camilla Strandfors 1
  G50 Johan Strandfors 2
P30 Emil Grannäs sv aln-a 9
  G51 Annika Grannäs 1
  G52 Stefan Grannäs 1
P31 Ebba Sjölandh sv aln-a 8
  G53 Pia Sjölandh 1
P32 Casper Bergudden sv aln-a 9
  G54 Ulrika Bergudden 1
  G55 Mats Bergudden 2
P33 Saga Holmklint sv aln-a 7
  G56 Jenny Holmklint 1 email
  G57 Kim Holmklint 1
P34 Viktor Näsklubb sv aln-a 9
  G58 Maria Näsklubb 1
P35 Tuva Ahlskär sv aln-a 8
  G59 Åsa Ahlskär 1
  G60 Henrik Ahlskär 2
P36 Liam O'Leary en aln-a 9
  G61 Niamh O'Leary 1
  G62 Robert Tallskog 1 sv
P37 Agnes Klippfors sv aln-a 9
  G63 Susanne Klippfors 1
P38 Maksim Petrunin ru vas-a 8
  G64 Svetlana Petrunina 1
  G65 Andrei Petrunin 2 sms
P39 Oona Tervalampi fi vas-a 7
  G66 Riitta Tervalampi 1
  G67 Janne Tervalampi 1
P40 Elias Huhtakoski fi vas-a 9
  G68 Marjo Huhtakoski 1
  G69 Ari Huhtakoski 2
P41 Pihla Saarnimäki fi vas-a 8
  G70 Tuija Saarnimäki 1 email
P42 Juho Vanhakylä fi vas-a 9
  G71 Leila Vanhakylä 1
  G72 Mauri Vanhakylä 2
P43 يوسف حداد ar vas-a 8
  G73 ليلى حداد 1
P44 Neea Kortesoja fi vas-a 9
  G74 Päivi Kortesoja 1
  C1 Ulla Hongistola 1 carer
P45 Ronja Rautanen fi vas-a 9
  G03 Katja Rautanen 1
  G04 Sami Rautanen 2
P46 Kaapo Luhtalahti fi kjk 7
  G75 Mirva Luhtalahti 1
P47 Fanny Granudden sv aln 7
  G76 Monica Granudden 1
"""
LATIN = {"P43": "yusuf.haddad", "G73": "layla.haddad"}  # for mail addresses
PROTECTED = {"P20", "G35"}
JOINED_LATE = {"P44": "2026-10-26"}
NO_PHONE = {"P28", "P33", "P39"}
WITHOUT_PLAN = {"P44", "P18"}


def read_pupils():
    rows = []
    for line in PUPIL_TABLE.strip().splitlines():
        key, given, family, *more = line.split()
        if not line.startswith(" "):
            language, group, grade = more[:3]
            channels = "sms!safe email" if "safe" in more else "email" if key in NO_PHONE else "sms email"
            rows.append((key, given, family, language, group, int(grade), JOINED_LATE.get(key, TERM_STARTS), channels, []))
            continue
        rank, *special = more
        only = [word for word in special if word in ("email", "sms")]
        mark = [word for word in special if word in ("quiet", "restricted", "emergency", "carer")]
        spoken = [word for word in special if word in ("sv",)]
        channels = "sms!safe email" if "safe" in special else (only or ["sms email"])[0]
        rows[-1][8].append((key, given, family, (spoken or [rows[-1][3]])[0], channels, int(rank), (mark or [""])[0]))
    return rows


TERM_STARTS = "2026-08-11"
PUPILS = read_pupils()

WORKPLACES = [  # name, street, supervisor: given, family, language; cards needed
    ("Puutarha Vihervarpu", "Pajatie 3", "Ritva", "Taimisto", "fi", []),
    ("Autohuolto Rengaspiste", "Teollisuuskuja 8", "Arto", "Vääräniemi", "fi", ["safety"]),
    ("Kahvila Korvapuusti", "Torikatu 2", "Mari", "Pullinen", "fi", ["hygiene"]),
    ("Päiväkoti Käpytikka", "Kuusitie 14", "Seija", "Pesonmaa", "fi", ["first-aid"]),
    ("Kuusijoen Rauta ja Maatalous", "Asematie 21", "Tero", "Vasarainen", "fi", ["safety"]),
    ("Eläinhoitola Tassula", "Niittytie 6", "Jaana", "Kettumäki", "fi", []),
    ("Kirjasto Kuusijoki", "Torikatu 9", "Liisa", "Lukkarinen-Sarka", "fi", []),
    ("Ravintola Haukikoukku", "Rantatie 1", "Kimmo", "Kalliokoura", "fi", ["hygiene"]),
    ("Pyöräpaja Ketju", "Sepänkatu 5", "Olavi", "Pinnamäki", "fi", []),
    ("Hakolan maitotila", "Hakolantie 77", "Sirkka", "Hakolainen", "fi", ["safety"]),
    ("Kiinteistöhuolto Luuta", "Varastotie 4", "Vesa", "Portaankorva", "fi", ["safety"]),
    ("Parturi Suortuva", "Torikatu 11", "Nina", "Saksilahti", "fi", []),
    ("Palvelukoti Iltatähti", "Hoivakuja 2", "Marketta", "Hiljanen", "fi", ["hygiene"]),
    ("Leipomo Ruisjyvä", "Myllytie 10", "Pauli", "Jyväläinen", "fi", ["hygiene"]),
    ("Kierrätyskeskus Kiepura", "Varastotie 12", "Anneli", "Kiertola", "fi", []),
    ("Hevostalli Hallavaharja", "Laidunpolku 5", "Katri", "Ratsula", "fi", []),
    ("Kauppa Kulman Kassi", "Asematie 2", "Jorma", "Hyllynen", "fi", ["hygiene"]),
    ("Metallipaja Alasin", "Teollisuuskuja 15", "Reijo", "Takoja", "fi", ["safety"]),
    ("Liikuntahalli Ponnahdus", "Kenttätie 1", "Susanna", "Loikkanen", "fi", []),
    ("Puuseppä Höylänlastu", "Sepänkatu 18", "Martti", "Lastula", "fi", ["safety"]),
    ("Alnäs Trädgård", "Strandstigen 4", "Barbro", "Lindgrenäs", "sv", []),
    ("Båtvarvet Aktersnurran", "Hamnvägen 9", "Göran", "Skeppsvik", "sv", ["safety"]),
    ("Café Kardemumma", "Bygatan 3", "Carola", "Bullerås", "sv", ["hygiene"]),
    ("Daghemmet Blåsippan", "Skolstigen 2", "Eva-Lotta", "Sippdal", "sv", ["first-aid"]),
    ("Alnäs Järnhandel", "Bygatan 17", "Nils", "Spikberg", "sv", []),
    ("Skeppshandel Vimpeln", "Hamnvägen 2", "Ingrid", "Segelvik", "sv", []),
    ("Fiskrökeriet Strömmingen", "Hamnvägen 31", "Bengt", "Fiskholm", "sv", ["hygiene"]),
    ("Lantgården Norrängen", "Ängsvägen 50", "Karin", "Norräng", "sv", []),
    ("Tietokonekorjaamo Bitti", "Asematie 14", "Lauri", "Piirilä", "fi", []),
    ("Kukkakauppa Leinikki", "Torikatu 6", "Helena", "Leinikkilä", "fi", []),
    ("Keittiö Suurkattila", "Koulutie 1", "Pirkko", "Kattilakoski", "fi", ["hygiene"]),
]

PLACEMENTS = [  # pupil, workplace (its number), model, weekdays worked, from, until (absent: the autumn)
    ("P01", 1, "4+1", "tue", "", ""), ("P02", 2, "4+1", "tue", "", ""), ("P03", 3, "4+1", "tue", "", ""),
    ("P04", 6, "4+1", "tue", "", ""), ("P05", 12, "4+1", "tue", "", ""), ("P06", 16, "4+1", "tue", "", ""),
    ("P07", 5, "4+1", "tue", "", ""), ("P08", 9, "4+1", "tue", "", ""), ("P09", 7, "4+1", "tue", "", ""),
    ("P10", 11, "4+1", "tue", "2026-11-24", ""),
    ("P11", 18, "4+1", "mon", "", ""), ("P12", 4, "4+1", "mon", "", ""), ("P13", 2, "4+1", "mon", "", ""),
    ("P14", 15, "4+1", "mon", "", ""), ("P15", 13, "4+1", "mon", "", ""), ("P16", 30, "4+1", "mon", "", ""),
    ("P17", 8, "4+1", "mon", "", ""), ("P18", 19, "4+1", "mon", "", ""),
    ("P19", 20, "block", "mon tue wed thu", "2026-11-16", "2026-11-27"),
    ("P20", 1, "4+1", "wed", "", ""), ("P21", 9, "4+1", "wed", "", ""), ("P22", 6, "4+1", "wed", "", ""),
    ("P23", 29, "4+1", "wed", "", ""), ("P27", 17, "4+1", "wed", "", ""),
    ("P24", 14, "block", "tue wed thu fri", "2026-11-03", "2026-11-20"),
    ("P25", 10, "block", "mon tue wed fri", "2026-11-02", "2026-11-16"),
    ("P26", 13, "block", "mon tue thu fri", "2026-10-26", "2026-11-13"),
    ("P26", 17, "block", "mon tue wed thu", "2026-09-14", "2026-09-25"),
    ("P28", 16, "4+1", "wed", "2026-11-25", ""),
    ("P29", 21, "4+1", "thu", "", ""), ("P30", 22, "4+1", "wed", "", ""), ("P31", 24, "4+1", "thu", "", ""),
    ("P32", 25, "4+1", "thu", "", ""), ("P33", 28, "4+1", "thu", "", ""), ("P34", 27, "4+1", "thu", "", ""),
    ("P35", 23, "4+1", "thu", "", ""), ("P36", 26, "4+1", "thu", "", ""),
    ("P37", 22, "block", "mon tue wed thu", "2026-11-30", "2026-12-11"),
    ("P38", 18, "4+1", "fri", "", ""), ("P39", 7, "4+1", "fri", "", ""), ("P40", 29, "4+1", "fri", "", ""),
    ("P41", 12, "4+1", "fri", "", ""), ("P42", 11, "4+1", "thu", "", ""), ("P43", 30, "4+1", "fri", "", ""),
    ("P45", 31, "block", "tue wed thu fri", "2026-12-07", "2026-12-18"),
]
UNSIGNED = {  # pupil -> first day of the placement -> who has not signed
    "P10": {"2026-11-24": "guardian"}, "P28": {"2026-11-25": "school"}, "P37": {"2026-11-30": "workplace"},
    "P45": {"2026-12-07": "guardian workplace school"},
}
WITHOUT_CARD = {("P45", "hygiene")}
CARD_EXPIRES = {("P17", "hygiene"): "2027-01-22"}  # 60 days after the day

MEETINGS = [  # id, told at, kind, organisation, title, starts, ends, place or link, participants or audience, more
    ("M01", "2026-08-20T12:00:00+03:00", "support-group", "kjk", "Pedagoginen tukiryhmä", "2026-09-10T13:00", "2026-09-10T14:00", "Kuusijoen koulu, kokoushuone", ["R1", "T1", "T2", "K1"], {}),
    ("M02", "2026-08-20T12:10:00+03:00", "jopo", "kjk-a", "JOPO-kokous", "2026-09-17T09:00", "2026-09-17T10:30", "Kuusijoen koulu, luokka 12", ["T1", "A1", "K1", "R1"], {"chair": "R1"}),
    ("M03", "2026-08-21T12:00:00+03:00", "field-group", "kj", "Kenttätyöryhmä", "2026-10-08T13:00", "2026-10-08T15:00", "Kuusijoen kunnantalo, kabinetti", "kj-steering", {"chair": "O1"}),
    ("M04", "2026-08-21T12:20:00+03:00", "coffee", "kj", "JOPO-tiimien virtuaalikahvit", "2026-09-01T14:15", "2026-09-01T15:00", "https://kokous.example.org/jopo-kahvit", "kj-team", {"chair": "O1", "repeats": "FREQ=WEEKLY;INTERVAL=2;UNTIL=20261211T120000Z"}),
    ("M05", "2026-09-02T12:00:00+03:00", "support-group", "aln", "Pedagogisk stödgrupp", "2026-09-14T13:00", "2026-09-14T14:00", "Alnäs skola, mötesrummet", ["R3", "T4", "K2"], {"chair": "R3"}),
    ("M06", "2026-11-09T12:00:00+02:00", "support-group", "tuo", "Pedagoginen tukiryhmä", "2026-11-24T13:00", "2026-11-24T14:00", "Tuohilammen koulu, opettajainhuone", ["R2", "T3", "A3", "K1"], {"chair": "R2"}),
    ("M07", "2026-11-10T12:00:00+02:00", "plan-talk", "kjk-a", "Suunnitelmakeskustelu", "2026-11-26T14:30", "2026-11-26T15:15", "Kuusijoen koulu, luokka 12", ["T1", "G16", "G17", "P09"], {"chair": "T1"}),
    ("M08", "2026-11-05T12:00:00+02:00", "jopo", "vas-a", "JOPO-kokous", "2026-11-30T13:00", "2026-11-30T14:30", "Vasamäen koulu, kokoushuone", ["T5", "A5", "K1", "R4"], {"chair": "R4"}),
    ("M09", "2026-11-11T12:00:00+02:00", "plan-talk", "kjk-b", "Suunnitelmakeskustelu", "2026-12-03T14:00", "2026-12-03T15:00", "Kuusijoen koulu, luokka 14", ["T2", "G28", "P16"], {"chair": "T2"}),
    ("M10", "2026-11-06T12:00:00+02:00", "trip", "kjk-a", "Joulumarkkinaretki", "2026-11-28T09:00", "2026-11-28T14:00", "Kuusijoen tori", ["P01", "P02", "P03", "P04", "T1", "A1"], {"chair": "T1"}),
    ("M11", "2026-11-12T12:00:00+02:00", "plan-talk", "aln-a", "Plansamtal", "2026-11-25T14:30", "2026-11-25T15:15", "Alnäs skola, klass 3", ["T4", "G53", "P31"], {"chair": "T4"}),
    ("M12", "2026-11-12T12:30:00+02:00", "plan-talk", "vas-a", "Suunnitelmakeskustelu", "2026-11-27T14:30", "2026-11-27T15:15", "Vasamäen koulu, luokka 8", ["T5", "G68", "P40"], {"chair": "T5"}),
]
ANSWERS = [  # meeting, participant, answer, told at
    ("M07", "G17", "yes", "2026-11-11T18:05:00+02:00"), ("M07", "P09", "yes", "2026-11-11T18:06:00+02:00"),
    ("M08", "K1", "yes", "2026-11-06T10:00:00+02:00"), ("M11", "G53", "yes", "2026-11-13T17:40:00+02:00"),
    ("M12", "G68", "yes", "2026-11-13T20:15:00+02:00"),
]

TERM_EVENTS = [  # told at, source, type, subject, data
    ("2026-11-09T15:30:00+02:00", "guardian", "application.received", "AP01",
     {"application": "AP01", "pupil": "P46", "applicant": "G75", "organisation": "kjk"}),
    ("2026-11-10T12:00:00+02:00", "staff", "package.due", "PK01",
     {"package": "PK01", "pupil": "P19", "subject_name": "Matematiikka", "due": "2026-11-25"}),
    ("2026-11-11T12:00:00+02:00", "staff", "survey.opened", "SV01",
     {"survey": "SV01", "organisation": "kj", "closes": "2026-11-26", "audience": "kj-team"}),
    ("2026-11-12T12:00:00+02:00", "planning", "visit.planned", "V01",
     {"visit": "V01", "kind": "job-shadowing", "hosts": ["T3"], "guests": ["T1"],
      "starts": "2026-11-24T09:00", "ends": "2026-11-24T12:00", "place": "Tuohilammen koulu"}),
    ("2026-11-16T12:30:00+02:00", "workplace", "evaluation.given", "PL27",
     {"placement": "PL27", "by": "S13", "part": "supervisor"}),
    ("2026-11-17T13:30:00+02:00", "staff", "evaluation.given", "PL27",
     {"placement": "PL27", "by": "T3", "part": "teacher"}),
    ("2026-11-17T13:40:00+02:00", "staff", "evaluation.given", "PL27",
     {"placement": "PL27", "by": "P26", "part": "pupil"}),
    ("2026-09-25T14:30:00+03:00", "workplace", "evaluation.given", "PL28",
     {"placement": "PL28", "by": "S17", "part": "supervisor"}),
    ("2026-09-28T13:30:00+03:00", "staff", "certificate.issued", "PL28",
     {"placement": "PL28", "by": "T3", "part": "teacher"}),
] + [
    (f"2026-11-09T12:3{n}:00+02:00", "staff", "consent.asked", f"CN{n:02}",
     {"consent": f"CN{n:02}", "meeting": "M10", "pupil": f"P{n:02}", "by": "T1"}) for n in (1, 2, 3, 4)
] + [
    (f"2026-11-10T17:2{n}:00+02:00", "guardian", "consent.given", f"CN{n:02}",
     {"consent": f"CN{n:02}", "meeting": "M10", "pupil": f"P{n:02}", "by": by})
    for n, by in ((2, "G03"), (3, "G05"), (4, "G07"))
] + [
    (f"2026-11-13T1{n}:05:00+02:00", "staff", "survey.answered", "SV01", {"survey": "SV01", "by": by})
    for n, by in enumerate(("O1", "T1", "T4", "A2"))
]

DAY_EVENTS = [
    ("2026-11-23T12:15:00+02:00", "planning", "meeting.planned", "M13",
     {"meeting": "M13", "kind": "plan-talk", "organisation": "tuo-a", "title": "Suunnitelmakeskustelu",
      "starts": "2026-12-09T14:30", "ends": "2026-12-09T15:15", "place": "Tuohilammen koulu, luokka 5",
      "participants": ["T3", "G40", "P23"], "chair": "T3"}),
    ("2026-11-23T13:20:00+02:00", "planning", "meeting.changed", "M12",
     {"meeting": "M12", "starts": "2026-11-27T15:00", "ends": "2026-11-27T15:45"}),
    ("2026-11-23T14:30:00+02:00", "planning", "meeting.cancelled", "M11", {"meeting": "M11"}),
    ("2026-11-23T15:20:00+02:00", "guardian", "application.received", "AP02",
     {"application": "AP02", "pupil": "P47", "applicant": "G76", "organisation": "aln"}),
    ("2026-11-23T15:45:00+02:00", "staff", "application.decided", "AP01",
     {"application": "AP01", "pupil": "P46", "applicant": "G75", "organisation": "kjk", "decision": "accepted"}),
    ("2026-11-23T17:05:00+02:00", "guardian", "meeting.answered", "M07",
     {"meeting": "M07", "participant": "G16", "answer": "yes"}),
]
