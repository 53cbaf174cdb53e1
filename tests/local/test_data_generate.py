"""The sample data: the same seed gives the same bytes, another seed other companies."""

from __future__ import annotations

from pathlib import Path

from local.data.folder import DataFolder
from local.data.generate import CURRENCIES, LOCALES, generate, sample
from tests.local.data_systems import both_systems

SHOWN = ("accounts", "contacts", "quotes", "uoms", "transactioncurrencies")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_folder_byte_for_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, seed=7, accounts=60)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert set(content(tmp_path / "one")) == {
        "accounts.csv", "transactioncurrencies.csv", "currencies.csv", "customergroups.csv",
    }  # fmt: skip


def test_another_seed_gives_other_companies_with_other_ids(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), seed=seed, accounts=60)
    one, two = (DataFolder(tmp_path / str(seed)).rows("accounts") for seed in (1, 2))
    assert not {row["accountid"] for row in one} & {row["accountid"] for row in two}
    assert [row["name"] for row in one[:60]] != [row["name"] for row in two[:60]]


def test_more_accounts_begin_with_the_same_ones(tmp_path: Path) -> None:
    for count in (20, 40):
        generate(tmp_path / str(count), accounts=count, troubles=False)
    few, many = (DataFolder(tmp_path / str(count)).rows("accounts") for count in (20, 40))
    assert len(few) == 20
    assert many[:20] == few


def test_accounts_have_ids_and_numbers_of_their_own_and_come_from_several_countries(tmp_path: Path) -> None:
    generate(tmp_path, accounts=300, troubles=False)
    rows = DataFolder(tmp_path).rows("accounts")
    assert len({row["accountid"] for row in rows}) == len({row["accountnumber"] for row in rows}) == 300
    spellings = {row["address1_country"] for row in rows}
    assert spellings <= {spelling for country in LOCALES.values() for spelling in country}
    assert {"USA", "Deutschland", "Österreich", "España"} <= spellings
    assert {row["transactioncurrencyid.isocurrencycode"] for row in rows} <= CURRENCIES.keys()


def test_troubles_are_added_to_the_same_accounts(tmp_path: Path) -> None:
    generate(tmp_path / "calm", accounts=30, troubles=False)
    generate(tmp_path / "real", accounts=30)
    calm, real = (DataFolder(tmp_path / name).rows("accounts") for name in ("calm", "real"))
    assert real[:30] == calm
    numbers = [row["accountnumber"] for row in real[30:]]
    assert "" in numbers, "one without number"
    assert len({number.casefold() for number in numbers}) < len(numbers), "two of one number"
    assert [row["statecode"] for row in real[30:]].count("1") == 1, "one that is inactive"


def test_what_companies_trade_is_added_to_the_same_accounts_and_can_be_entered(tmp_path: Path) -> None:
    amounts = {"contacts": 20, "products": 12, "quotes": 8}
    generate(tmp_path / "accounts", seed=3, accounts=25, troubles=False)
    for name in ("trade", "again"):
        generate(tmp_path / name, seed=3, accounts=25, troubles=False, contacts=20, products=12, quotes=8)
    only, trade = content(tmp_path / "accounts"), content(tmp_path / "trade")
    assert trade == content(tmp_path / "again")
    assert {name: trade[name] for name in only if name != "accounts.csv"} == {
        name: only[name] for name in only if name != "accounts.csv"
    }
    folder = DataFolder(tmp_path / "trade")
    accounts = [{**row} for row in folder.rows("accounts")]
    primary = {row["accountid"]: row.pop("primarycontactid") for row in accounts}
    assert accounts == DataFolder(tmp_path / "accounts").rows("accounts")
    parents = {row["contactid"]: row["parentcustomerid"] for row in folder.rows("contacts")}
    assert {parents[contact]: contact for contact in primary.values() if contact} == {
        account: contact for account, contact in primary.items() if contact
    }
    assert {account for account, contact in primary.items() if contact} == set(parents.values())
    assert {name: len(folder.rows(name)) for name in amounts} == amounts

    with both_systems() as fresh:
        systems = fresh()
        counts = systems.enter(tmp_path / "trade")
        counts |= systems.enter_quotes(tmp_path / "trade")
        products = {row["productnumber"] for row in systems.rows("sales", "products")}
        quotes = systems.rows("sales", "quotes")
    assert {name: counts[name] for name in amounts} == amounts
    assert counts["quotedetails"] >= 8
    assert products <= {row["ProductNumber"] for row in folder.rows("products") if row["IsSalesStopped"] == "No"}
    assert {bool(quote["_contactid_value"]) for quote in quotes} == {True, False}


def test_the_sample_has_of_every_oddity_one_and_both_systems_take_them_all(tmp_path: Path) -> None:
    sample(tmp_path)
    folder = DataFolder(tmp_path)
    with both_systems() as fresh:
        systems = fresh()
        counts = systems.enter(tmp_path) | systems.enter_quotes(tmp_path)
        rows = {name: systems.rows("sales", name) for name in SHOWN}
        goods = {row["ProductNumber"]: row for row in systems.rows("finops", "SellableReleasedProducts")}
    assert counts == {name: len(folder.rows(name)) for name in counts}

    people = rows["contacts"]
    parents = {name for person in people for name in ("_accountid_value", "_parentcontactid_value") if person[name]}
    assert parents == {"_accountid_value", "_parentcontactid_value"}
    assert any(not person["_parentcustomerid_value"] for person in people)
    assert any(person["mobilephone"] and not person["telephone1"] for person in people)
    assert any(not person["firstname"] for person in people)
    assert max(len(person["lastname"]) for person in people) > 25
    assert [person["statecode"] for person in people].count(1) == 1
    by_id = {person["contactid"]: person for person in people}
    primary = {row["accountid"]: by_id[row["_primarycontactid_value"]] for row in rows["accounts"]
               if row["_primarycontactid_value"]}  # fmt: skip
    strangers = [each for account, each in primary.items() if each["_parentcustomerid_value"] != account]
    assert len(primary) > 30
    assert sorted((each["statecode"], bool(each["_parentcustomerid_value"])) for each in strangers) == [
        (0, False), (1, True),
    ], "some primary contacts never come to F&O"  # fmt: skip
    numbers = [person["employeeid"].casefold() for person in people if person["employeeid"]]
    assert (len(people) - len(numbers), len(numbers) - len(set(numbers))) == (1, 1)
    of_contacts = [quote for quote in rows["quotes"] if quote["_contactid_value"]]
    bought = {quote["_contactid_value"] for quote in of_contacts if quote["statecode"] in (1, 2)}
    assert bought
    assert {quote["_contactid_value"] for quote in of_contacts} - bought, "some who only asked"

    units = {unit["name"] for unit in rows["uoms"]}
    currencies = {currency["isocurrencycode"] for currency in rows["transactioncurrencies"]}
    assert {"Yes", "No"} == {product["IsSalesStopped"] for product in goods.values()}
    assert {product["SalesUnitSymbol"] for product in goods.values()} - units == {"pal", ""}
    assert {product["CurrencyCode"] for product in goods.values()} - currencies == {"SEK"}
    assert goods["X/1 'A' & B"]["SalesPrice"] == 9.95
    assert goods["X-FREE"]["SalesPrice"] == 0
    assert max(len(product["ProductName"]) for product in goods.values()) > 55
    assert all(price_list["enddate"] for price_list in folder.rows("pricelevels") if "CHF" in price_list["name"])


def test_oddities_are_added_to_the_same_contacts_and_products(tmp_path: Path) -> None:
    for name, troubles in (("calm", False), ("real", True)):
        generate(tmp_path / name, accounts=10, troubles=troubles, contacts=8, products=6, quotes=4)
    calm, real = DataFolder(tmp_path / "calm"), DataFolder(tmp_path / "real")
    for name in ("contacts", "products", "quotes"):
        ordinary = calm.rows(name)
        assert [{column: row[column] for column in ordinary[0]} for row in real.rows(name)][: len(ordinary)] == [
            {**row} for row in ordinary
        ]
        assert len(real.rows(name)) > len(ordinary)
