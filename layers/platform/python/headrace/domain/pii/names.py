"""What a column's name says of its values: the kind of personal data that its last words stand for."""

import re
import unicodedata
from functools import cache

from headrace.domain.pii.forms import Kind

_WORDS: dict[Kind, str] = {
    "email": (
        "email emails email_address mail mail_address e_mail_address courriel correo correo_electronico"
    ),
    "phone": (
        "phone phones phone_number telephone telephone_number tel tel_no mobile mobile_number "
        "mobile_phone cell_phone cellphone fax fax_number msisdn telefon telefonnummer handy handynummer "
        "mobilnummer telefono telefone celular movil teléfono téléphone portable telefoon telefoonnummer "
        "numer_telefonu"
    ),
    "card": (
        "card_number credit_card credit_card_number creditcard cc cc_number cc_num card_no pan debit_card "
        "kreditkarte kreditkartennummer numero_tarjeta tarjeta_credito carte_bancaire carte_credito"
    ),
    "iban": "iban iban_code bank_account_iban",
    "ip": (
        "ip ip_address ip_addr ipv4 ipv6 client_ip remote_addr remote_ip source_ip src_ip adresse_ip "
        "direccion_ip"
    ),
    "mac": "mac mac_address mac_addr hardware_address",
    "national_id": (
        "ssn social_security social_security_number social_security_no national_id "
        "national_identity_number national_insurance_number nino passport passport_number passport_no "
        "tax_id taxpayer_id steuer_id steuerid identifikationsnummer sozialversicherungsnummer "
        "ausweisnummer reisepass nif dni nie cpf pesel bsn codice_fiscale numero_securite_sociale nir "
        "personnummer aadhaar curp driver_license drivers_license driving_licence_number driver_licence "
        "license_number"
    ),
    "person_name": (
        "first_name firstname last_name lastname middle_name surname forename given_name family_name "
        "full_name maiden_name birth_name person_name customer_name contact_name employee_name "
        "patient_name passenger_name guest_name cardholder cardholder_name account_holder holder_name "
        "vorname nachname familienname geburtsname vollstaendiger_name ansprechpartner prenom nom_famille "
        "nom_de_famille nom_complet nombre_completo primer_nombre apellido apellidos apellido_paterno "
        "apellido_materno sobrenome primeiro_nome nome_completo cognome nome_cognome voornaam achternaam "
        "imie nazwisko fornamn efternamn fornavn etternavn efternavn"
    ),
    "username": (
        "username user_name login_name screen_name nickname benutzername nombre_usuario nom_utilisateur"
    ),
    "address": (
        "address address_line street street_address street_name home_address postal_address "
        "mailing_address strasse straße anschrift adresse wohnadresse adresse_postale direccion calle "
        "endereco indirizzo adres ulica"
    ),
    "birth_date": (
        "dob birthdate birth_date birthday birth_day date_of_birth born born_on geburtsdatum geburtstag "
        "date_naissance date_de_naissance fecha_nacimiento fecha_de_nacimiento data_nascimento "
        "data_de_nascimento data_nascita data_di_nascita geboortedatum data_urodzenia fodselsdato "
        "fodelsedatum"
    ),
}


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_AFTER = _words(
    "number no nr num value text string str raw full line primary secondary main alternate other home work "
    "private personal business mobile customer client user person contact owner billing shipping "
    "cliente kunde usuario utilisateur privat 1 2 3 4"
)
"""Words that may follow without changing what is meant."""

_BEFORE = _words(
    "is has had was can no num n nb count cnt number total sum avg mean max min hash hashed masked encrypted "
    "anonymized anonymised redacted tokenized valid missing with"
)
"""Words that, coming first, make of it a flag, a measure or something masked."""

_LONGEST = 5
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def tokens(name: str) -> list[str]:
    """The words of a name in snake_case, camelCase or plain words: lower case, without accents."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    return [token.lower() for token in _TOKEN.findall(plain)]


@cache
def _meanings() -> dict[str, Kind]:
    return {"".join(tokens(phrase)): kind for kind, phrases in _WORDS.items() for phrase in phrases.split()}


def kind_of_name(name: str) -> Kind | None:
    """The kind that the name's last words stand for, `billing_address` an address; None where they stand
    for something about it (`address_id`, `is_email`, `username_hash`, `ip_count`) or for nothing personal."""
    words = tokens(name.rpartition(".")[2] or name)
    if not words or (len(words) > 1 and words[0] in _BEFORE):
        return None
    for end in range(len(words), 0, -1):
        for start in range(max(0, end - _LONGEST), end):
            if kind := _meanings().get("".join(words[start:end])):
                return kind
        if words[end - 1] not in _AFTER:
            return None
    return None
