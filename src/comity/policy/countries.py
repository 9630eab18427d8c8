"""Country codes and names for selectors: ISO 3166-1 (alpha-3, alpha-2), the usual name, other names in use.

Public record. A benchmark says which economies it has; this table says what a word may mean, and that an
economy which the benchmark lacks is part of its rest of the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_ROWS = """
AFG AF Afghanistan
AGO AO Angola
ALB AL Albania
ARE AE United Arab Emirates; UAE; Emirates
ARG AR Argentina
ARM AM Armenia
AUS AU Australia
AUT AT Austria
AZE AZ Azerbaijan
BEL BE Belgium
BEN BJ Benin
BFA BF Burkina Faso
BGD BD Bangladesh
BGR BG Bulgaria
BHR BH Bahrain
BIH BA Bosnia and Herzegovina; Bosnia
BLR BY Belarus; Byelorussia; Belorussia; White Russia
BOL BO Bolivia
BRA BR Brazil
BRN BN Brunei; Brunei Darussalam
BTN BT Bhutan
BWA BW Botswana
CAF CF Central African Republic
CAN CA Canada
CHE CH Switzerland
CHL CL Chile
CHN CN China; People's Republic of China; PRC; Mainland China
CIV CI Côte d'Ivoire; Ivory Coast
CMR CM Cameroon
COD CD DR Congo; Democratic Republic of the Congo; DRC; Congo-Kinshasa; Zaire
COG CG Republic of the Congo; Congo-Brazzaville
COL CO Colombia
CRI CR Costa Rica
CUB CU Cuba
CYP CY Cyprus
CZE CZ Czechia; Czech Republic
DEU DE Germany; Federal Republic of Germany
DNK DK Denmark
DOM DO Dominican Republic
DZA DZ Algeria
ECU EC Ecuador
EGY EG Egypt
ESP ES Spain
EST EE Estonia
ETH ET Ethiopia
FIN FI Finland
FRA FR France
GAB GA Gabon
GBR GB United Kingdom; UK; Great Britain; Britain
GEO GE Georgia
GHA GH Ghana
GIN GN Guinea
GNB GW Guinea-Bissau
GNQ GQ Equatorial Guinea
GRC GR Greece
GTM GT Guatemala
HKG HK Hong Kong; Hong Kong SAR
HND HN Honduras
HRV HR Croatia
HTI HT Haiti
HUN HU Hungary
IDN ID Indonesia
IND IN India
IRL IE Ireland
IRN IR Iran
IRQ IQ Iraq
ISL IS Iceland
ISR IL Israel
ITA IT Italy
JAM JM Jamaica
JOR JO Jordan
JPN JP Japan
KAZ KZ Kazakhstan; Kazakstan
KEN KE Kenya
KGZ KG Kyrgyzstan; Kyrgyz Republic; Kirgizia; Kirghizia; Kirghizstan
KHM KH Cambodia
KOR KR South Korea; Republic of Korea
KWT KW Kuwait
LAO LA Laos; Lao PDR
LBN LB Lebanon
LBY LY Libya
LKA LK Sri Lanka
LTU LT Lithuania
LUX LU Luxembourg
LVA LV Latvia
MAR MA Morocco
MDA MD Moldova; Moldavia; Republic of Moldova
MDG MG Madagascar
MEX MX Mexico
MKD MK North Macedonia; Macedonia
MLI ML Mali
MLT MT Malta
MMR MM Myanmar; Burma
MNE ME Montenegro
MNG MN Mongolia
MOZ MZ Mozambique
MUS MU Mauritius
MYS MY Malaysia
NAM NA Namibia
NER NE Niger
NGA NG Nigeria
NIC NI Nicaragua
NLD NL Netherlands; Holland; The Netherlands
NOR NO Norway
NPL NP Nepal
NZL NZ New Zealand
OMN OM Oman
PAK PK Pakistan
PAN PA Panama
PER PE Peru
PHL PH Philippines; The Philippines
PNG PG Papua New Guinea
POL PL Poland
PRK KP North Korea; DPRK; Democratic People's Republic of Korea
PRT PT Portugal
PRY PY Paraguay
PSE PS Palestine
QAT QA Qatar
ROU RO Romania
RUS RU Russia; Russian Federation
RWA RW Rwanda
SAU SA Saudi Arabia
SDN SD Sudan
SEN SN Senegal
SGP SG Singapore
SLV SV El Salvador
SRB RS Serbia
SSD SS South Sudan
STP ST São Tomé and Príncipe
SVK SK Slovakia; Slovak Republic
SVN SI Slovenia
SWE SE Sweden
SYR SY Syria
TGO TG Togo
THA TH Thailand
TJK TJ Tajikistan
TKM TM Turkmenistan
TTO TT Trinidad and Tobago
TUN TN Tunisia
TUR TR Türkiye; Turkey
TWN TW Taiwan; Chinese Taipei
TZA TZ Tanzania
UGA UG Uganda
UKR UA Ukraine; The Ukraine
URY UY Uruguay
USA US United States; United States of America; US; America
UZB UZ Uzbekistan
VEN VE Venezuela
VNM VN Viet Nam; Vietnam
YEM YE Yemen
ZAF ZA South Africa
ZMB ZM Zambia
ZWE ZW Zimbabwe
"""

AMBIGUOUS = {"korea": ("KOR", "PRK"), "congo": ("COD", "COG")}
"""Words that ordinary use gives to two economies."""


@dataclass(frozen=True, slots=True)
class Country:
    """One economy of the world: codes, its usual name, other names."""

    iso3: str
    iso2: str
    name: str
    others: tuple[str, ...]


@cache
def countries() -> dict[str, Country]:
    """Every row of the table by ISO 3166-1 alpha-3 code."""
    table = {}
    for row in _ROWS.strip().splitlines():
        iso3, iso2, rest = row.split(" ", 2)
        name, *others = (part.strip() for part in rest.split(";"))
        table[iso3] = Country(iso3, iso2, name, tuple(others))
    return table
