"""The pages: who comes in, what is refused and how, what is kept."""

import re
import urllib.parse

import pytest

from partsjax.judging import store
from partsjax.judging.items import KINDS
from partsjax.judging.raters import add_rater
from partsjax.judging.store import Store
from partsjax.judging.tokens import Bearer, make_token
from partsjax.judging.web import guard
from partsjax.judging.web.serving import STATIC, Serving
from tests.judging import studies
from tests.judging.web.client import Browser, Site

YES = {"consistent": "yes", "kind": "part", "name": "wheel", "sure": "2"}
NO = {"consistent": "no", "sure": "3"}
PROLIFIC = {"PROLIFIC_PID": "5f00", "STUDY_ID": "60aa", "SESSION_ID": "60bb"}


@pytest.fixture
def folder(tmp_path):
    return studies.folder(tmp_path / "S")


@pytest.fixture
def site(folder):
    with Site(folder) as site:
        yield site


def token(folder, role="rater", kind="person") -> str:
    with Store(folder / store.DATABASE) as opened, opened.transaction() as written:
        return make_token(written, Bearer(role, add_rater(written, kind) if role == "rater" else None))


def come_in(site, folder, role="rater", kind="person") -> Browser:
    browser = Browser(site)
    reply = browser.get(
        f"/{ {'rater': 'r', 'owner': 'o'}[role] }/{token(folder, role, kind)}".replace(" ", "")
    )
    assert reply.status == 200 and len(browser.cookies) == 1
    return browser


def begin(browser) -> None:
    """Through the practice to the first item of a batch."""
    assert browser.post("/begin").headers["location"] == "/rate"
    while "/feedback/" in (went := say(browser, NO).headers["location"]):
        assert browser.get(went).status == 200
        if browser.get("/rate").status == 303:
            break
    assert browser.post("/batch").headers["location"] == "/rate"


def say(browser, fields, **headers):
    page = browser.get("/rate")
    known = {name: page.hidden(name) for name in ("position", "key")}
    return browser.post("/answer", known | fields, **headers)


def kept(folder):
    with Store(folder / store.DATABASE) as opened:
        frame = opened.answers()
        return frame[frame["purpose"] != "practice"]


ADDRESSES = {
    "GET": ["/", "/consent", "/instructions", "/rate", "/feedback/0", "/pause", "/batch", "/done", "/owner",
            "/owner/names", "/images/a.webp"],
    "POST": ["/consent", "/begin", "/answer", "/undo", "/batch", "/owner/names"],
}  # fmt: skip


def test_nobody_comes_in_without_a_token(site, folder):
    strangers = [Browser(site) for _ in range(3)]
    strangers[1].cookies = {site.shared.cookie(role): f"1.{'a' * 43}" for role in ("rater", "owner")}
    strangers[2].cookies = {site.shared.cookie("owner"): token(folder, "rater")}  # of another role
    for stranger in strangers:
        assert {stranger.get(one).status for one in ADDRESSES["GET"]} == {401}
        assert {stranger.post(one).status for one in ADDRESSES["POST"]} == {401}
        assert {stranger.get(f"/{way}/1.{'a' * 43}").status for way in ("r", "o", "enter")} == {404}
    rater = come_in(site, folder)
    assert {rater.get(one).status for one in ("/owner", "/owner/names")} == {401}
    known = {one.path for one in site.app._application.routes}
    open_to_all = {"/r/{token}", "/o/{token}", "/enter/{token}", "/declined", "/static/{name}"}
    tried = {
        re.sub("/feedback/0", "/feedback/{position:int}", one)
        for methods in ADDRESSES.values()
        for one in methods
    }
    assert known - open_to_all == {one.replace("a.webp", "{name}") for one in tried}, (
        "a new page is tried, too"
    )


def test_a_link_s_token_becomes_a_cookie_and_leaves_the_address(site, folder):
    browser = Browser(site)
    secret = token(folder)
    reply = browser.get(f"/r/{secret}")
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and secret not in reply.text
    assert 'http-equiv="refresh" content="0;url=/"' in reply.text
    assert browser.get("/").headers["location"] == "/instructions"
    with Site(folder, Serving(public_url="https://study.example.org")) as public:
        assert "secure" in Browser(public).get(f"/r/{secret}").headers["set-cookie"].lower()


def test_a_rater_goes_through_the_study(site, folder):
    browser = come_in(site, folder)
    assert "Examples" in browser.get("/instructions").text
    begin(browser)
    page = browser.get("/rate")
    assert "Item 1 of 8" in page.text and page.text.count('class="crop"') == 10
    assert say(browser, YES).headers["location"] == "/rate"
    page = browser.get("/rate")
    assert "Item 2 of 8" in page.text and '<option value="wheel">' in page.text
    undo = {name: re.search(rf'id="undo".*?name="{name}" value="(\d+)"', page.text, re.S)[1]
            for name in ("position", "answer")}  # fmt: skip
    assert browser.post("/undo", undo).headers["location"] == "/rate"
    assert 'value="wheel"' in browser.get("/rate").text and "Item 1 of 8" in browser.get("/rate").text
    assert not len(kept(folder))
    for _ in range(8):
        assert say(browser, NO, Accept="application/json").body == b'{"next":"/rate"}'
    assert browser.get("/rate").headers["location"] == "/batch"
    assert "Batch 1 is done" in browser.get("/batch").text and len(kept(folder)) == 8
    assert browser.post("/batch").status == 303 and "Item 1 of 8" in browser.get("/rate").text
    assert "Paused" in browser.get("/pause").text


def test_raters_see_no_filters_classes_or_others_answers(site, folder):
    one, other = come_in(site, folder), come_in(site, folder)
    for browser in (one, other):
        begin(browser)
    say(one, YES | {"name": "one's own name"})
    page = other.get("/rate").text
    assert "own name" not in page and "own name" in one.get("/rate").text.replace("&#39;", "'")
    for word in ("horse", "cow", "conv5", "alexnet"):
        assert word not in page


def test_what_is_typed_is_shown_escaped(site, folder):
    hostile = "<script>alert(1)</script>\"'&"
    browser, owner = come_in(site, folder), come_in(site, folder, "owner")
    begin(browser)
    for _ in range(3):  # one of them may be a gold item, which the owner's page leaves out
        assert say(browser, YES | {"name": hostile}).status == 303
    assert say(browser, YES | {"sure": "", "name": hostile}).status == 422
    pages = [
        browser.get("/rate"),
        say(browser, YES | {"sure": "", "name": hostile}),
        owner.get("/owner/names"),
    ]
    for page in pages:
        assert "<script>alert" not in page.text and "&lt;script&gt;alert(1)" in page.text.lower()
    assert set(kept(folder)["name"]) == {hostile}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "whether it is one concept"),
        ({"consistent": "maybe"}, "whether it is one concept"),
        ({"consistent": "yes", "sure": "1"}, "which kind"),
        ({"consistent": "yes", "kind": "none", "sure": "1"}, "which kind"),
        (YES | {"name": "  "}, "name"),
        (YES | {"name": "x" * 81}, "at most 80"),
        (YES | {"name": "a\x00b"}, "letters"),
        (YES | {"name": "a\u202eb"}, "letters"),
        ({"consistent": "no"}, "how sure"),
        ({"consistent": "no", "sure": "4"}, "how sure"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(site, folder, fields, words):
    browser = come_in(site, folder)
    begin(browser)
    page = say(browser, fields)
    assert page.status == 422 and words in re.search(r'role="alert"[^>]*>([^<]*)', page.text)[1]
    reply = say(browser, fields, Accept="application/json")
    assert reply.status == 422 and words in reply.text
    assert not len(kept(folder))


def test_kind_and_name_do_not_matter_where_there_is_no_concept(site, folder):
    browser = come_in(site, folder)
    begin(browser)
    assert say(browser, YES | NO).status == 303
    (row,) = kept(folder).to_dict("records")
    assert (row["kind"], row["name"], row["sure"]) == ("none", "", 3)
    for kind in KINDS:
        assert say(browser, YES | {"kind": kind, "name": " two   words "}).status == 303
    assert list(kept(folder)["kind"])[1:] == list(KINDS) and set(kept(folder)["name"]) == {"", "two words"}


def test_other_sites_cannot_post(site, folder):
    browser = come_in(site, folder)
    begin(browser)
    page = browser.get("/rate")
    fields = {name: page.hidden(name) for name in ("position", "key")} | NO
    for headers in (
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "http://study.test.evil.test"},
        {"Origin": "http://study.test:81"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "http://evil.test"},
    ):
        assert {browser.post(one, fields, **headers).status for one in ("/answer", "/undo", "/batch")} <= {
            403,
            303,
        }
        assert browser.post("/answer", fields, **headers).status == 403
    assert not len(kept(folder))
    assert browser.post("/answer", fields, Sec_Fetch_Site="same-origin").status == 303


def test_behind_a_proxy_the_public_address_may_post(folder):
    with Site(folder, Serving(public_url="https://study.example.org")) as site:
        browser = come_in(site, folder)
        assert browser.post("/begin", Origin="https://study.example.org").status == 303
        assert browser.post("/begin", Origin="https://example.org").status == 403


def test_malformed_and_oversized_requests_get_a_clean_refusal(site, folder):
    browser = come_in(site, folder)
    begin(browser)
    page = browser.get("/rate")
    form = urllib.parse.urlencode({name: page.hidden(name) for name in ("position", "key")} | NO).encode()
    large = [form + b"&x=" + b"a" * guard.MOST_BYTES]
    assert browser.send("/answer", large).status == 413
    assert browser.send("/answer", [form, *[b"a" * 4096] * 17, b""]).status == 413  # as it arrives
    assert browser.send("/answer", [form], Content_Type="multipart/form-data; boundary=x").status == 415
    assert browser.send("/answer", [form], Content_Type="application/json").status == 415
    for wrong in (b"\xff\xfe", b"name=%ff", b"position=-1", b"position=1e3", b"position=99999999999999999999",
                  form.replace(b"key=", b"key=%00"), b"a=1&" * 2500, b""):  # fmt: skip
        assert browser.send("/answer", [wrong]).status == 400, wrong
    other = form.replace(b"position=" + page.hidden("position").encode(), b"position=99")
    assert browser.send("/answer", [other]).status == 409
    assert browser.get("/feedback/x").status == 404 and browser.get("/feedback/99999").status == 404
    assert browser.get("/answer").status == 405 and browser.post("/rate").status == 405
    assert not len(kept(folder))


def test_paths_lead_to_the_study_s_own_files_alone(site, folder):
    (folder / "secret.webp").write_bytes(b"secret")
    owner = come_in(site, folder, "owner")
    name = next(iter(sorted(site.shared.pictures)))
    assert owner.get(f"/images/{name}").status == 404  # known, and not there
    (folder / store.IMAGES / name).write_bytes(b"picture")
    reply = owner.get(f"/images/{name}")
    assert (reply.body, reply.headers["content-type"]) == (b"picture", "image/webp")
    for path in ("../secret.webp", "..%2fsecret.webp", "%2e%2e/secret.webp", "..%5csecret.webp", name + "%00",
                 "../study.db", "%2fetc%2fpasswd", "x" * 5000):  # fmt: skip
        assert owner.get(f"/images/{path}").status == 404, path
        assert owner.get(f"/static/{path}").status == 404, path
    for name, kind in STATIC.items():
        assert owner.get(f"/static/{name}").headers["content-type"].startswith(kind)


def test_every_answer_has_the_headers_that_a_browser_expects(site, folder, monkeypatch):
    browser = come_in(site, folder)
    replies = [browser.get(path) for path in ("/instructions", "/nowhere", "/static/study.css", "/owner")]
    monkeypatch.setattr("partsjax.judging.web.rating.answer_in_words", lambda answer: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        browser.get("/instructions")
    for reply in replies:
        headers = reply.headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY" and headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert {reply.headers["cache-control"] for reply in replies} == {"no-store", "max-age=86400"}


def test_no_page_has_script_or_style_of_its_own_or_from_elsewhere(site, folder):
    browser, owner = come_in(site, folder), come_in(site, folder, "owner")
    pages = [browser.get("/instructions")]
    begin(browser)
    pages += [browser.get(path) for path in ("/rate", "/pause", "/declined")]
    pages += [owner.get(path) for path in ("/owner", "/owner/names", "/nowhere")]
    for page in pages:
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src=\"/static/)", page.text)
        assert not re.search(r"(?:src|href)=\"(?!/|\?)", page.text)


def test_a_simulated_study_says_so_on_every_page(site, folder):
    browser = come_in(site, folder, kind="simulated")
    owner = come_in(site, folder, "owner")
    pages = [browser.get(path) for path in ("/instructions", "/nowhere")]
    begin(browser)
    pages += [browser.get(path) for path in ("/rate", "/feedback/0", "/pause", "/declined")]
    pages += [owner.get(path) for path in ("/owner", "/owner/names")]
    assert [page.text.count("Simulated raters.") for page in pages] == [1] * len(pages)


@pytest.mark.parametrize(
    ("platform", "query", "address"),
    [
        ("prolific", PROLIFIC, "https://app.prolific.com/submissions/complete?cc=C1"),
        ("connect", {"participantId": "p", "assignmentId": "a", "projectId": "P7"},
         "https://connect.cloudresearch.com/participant/project/P7/complete"),
    ],
)  # fmt: skip
def test_participants_of_a_platform_come_in_agree_and_return(folder, platform, query, address):
    serving = Serving(batches=1, consent="First.\n\nSecond <b>.", platform=platform, completion_code="C1")
    link = f"/enter/{token(folder, 'entry')}?{urllib.parse.urlencode(query)}"
    with Site(folder, serving) as site:
        browser = Browser(site)
        page = browser.get(link)
        assert "<p>First.</p>" in page.text and "Second &lt;b&gt;." in page.text and not browser.cookies
        agree = re.search(r'action="([^"]*)"', page.text)[1].replace("&amp;", "&")
        assert "return your submission" in browser.get("/declined").text
        assert browser.post(agree, Origin="http://evil.test").status == 403
        assert browser.post(agree).headers["location"] == "/" and browser.cookies
        assert browser.get("/done").headers["location"] == "/"  # no code before the end
        begin(browser)
        for _ in range(4):
            say(browser, NO)
        again = Browser(site)  # another device
        again.post(agree)
        assert "Item 5 of 8" in again.get("/rate").text and "Item 5 of 8" in browser.get("/rate").text
        for _ in range(4):
            say(again, NO)
        assert browser.get("/batch").headers["location"] == "/done"
        page = browser.get("/done").text
        assert ">C1<" in page and f'href="{address}"' in page
    with Store(folder / store.DATABASE) as opened:
        (rater,) = opened.raters().to_dict("records")
        assert (rater["platform"], rater["participant"]) == (platform, next(iter(query.values())))
        assert rater["consented_at"] and len(kept(folder)) == 8


def test_platforms_send_what_they_say_they_send(folder):
    serving = Serving(consent="Text.", platform="prolific", completion_code="C1", max_raters=2)
    link = f"/enter/{token(folder, 'entry')}"
    with Site(folder, serving) as site:
        wrong = [{}, PROLIFIC | {"PROLIFIC_PID": ""}, PROLIFIC | {"STUDY_ID": "a b"}]
        wrong += [PROLIFIC | {"PROLIFIC_PID": "x" * 65}, PROLIFIC | {"SESSION_ID": "<script>"}]
        for query in wrong:
            reply = Browser(site).get(f"{link}?{urllib.parse.urlencode(query)}")
            assert reply.status == 400 and "from Prolific only" in reply.text and "<script>" not in reply.text
        statuses = []
        for name in ("one", "two", "three", "one"):
            query = urllib.parse.urlencode(PROLIFIC | {"PROLIFIC_PID": name})
            statuses.append(Browser(site).post(f"{link}?{query}").status)
        assert statuses == [303, 303, 403, 303]
    with Site(folder) as site:  # served for no platform now
        assert Browser(site).get(f"{link}?{urllib.parse.urlencode(PROLIFIC)}").status == 400


def test_nobody_starts_without_consent(folder):
    with Site(folder, Serving(consent="Text.")) as site:
        browser = come_in(site, folder)
        for answer in (
            browser.get("/"),
            browser.post("/begin"),
            browser.get("/rate"),
            browser.post("/batch"),
        ):
            assert answer.headers["location"] == "/consent"
        assert browser.post("/consent").headers["location"] == "/instructions"
        assert browser.post("/begin").headers["location"] == "/rate"
        with Store(folder / store.DATABASE) as opened:
            assert opened.raters()["consented_at"].notna().all()


def test_the_owner_sees_progress_and_gold_scores_and_no_findings(site, folder):
    browser, owner = come_in(site, folder), come_in(site, folder, "owner")
    begin(browser)
    gold = {item.item: item.truth for item in site.shared.study.items if item.purpose == "gold"}
    for _ in range(8):
        screen = browser.get("/rate").hidden("position")
        query = "SELECT i.item FROM assignments JOIN items i USING (number) WHERE position = ?"
        ((item,),) = site.shared.connection.execute(query, (screen,)).fetchall()
        truth = gold.get(item)
        say(browser, YES if truth is None or truth.consistent else NO)
    page = owner.get("/owner").text
    assert "6 of 36" in page and "1 of 1 (100%)" in page  # filters' items; gold, and repeated
    assert "semantic" not in page and "wheel" not in page


def test_the_owner_merges_names_and_separates_them_again(site, folder):
    browser, owner = come_in(site, folder), come_in(site, folder, "owner")
    begin(browser)
    for name in ("Wheel", "wheels", "tyre", "ear") * 2:  # seven of filters, and a gold one
        say(browser, YES | {"name": name})

    def counted():
        used = kept(folder)
        return dict(zip(used["name"], used["canonical"], strict=True))

    def asked(action, names, canonical=""):
        return owner.post("/owner/names", {"name": names, "action": action, "canonical": canonical}).status

    assert asked("merge", ["wheels", "tyre"], "Tyre") == 303
    assert counted() == {"Wheel": "wheel", "wheels": "tyre", "tyre": "tyre", "ear": "ear"}
    assert asked("merge", ["tyre", "wheel"], "wheel") == 303  # what was merged before comes along
    assert counted() == {"Wheel": "wheel", "wheels": "wheel", "tyre": "wheel", "ear": "ear"}
    page = owner.get("/owner/names").text
    assert re.search(r"tyre \([12]\), wheel \([12]\), wheels \([12]\)", page)
    assert [asked("merge", [], "x"), asked("merge", ["ear"], " "), asked("shred", ["ear"])] == [422, 422, 400]
    assert asked("separate", ["wheel"]) == 303
    assert counted() == {"Wheel": "wheel", "wheels": "wheels", "tyre": "tyre", "ear": "ear"}


def test_two_people_with_one_link_lose_and_double_nothing(site, folder):
    link = f"/r/{token(folder)}"
    one, other = Browser(site), Browser(site)
    for browser in (one, other):
        browser.get(link)
    begin(one)
    pages = [browser.get("/rate") for browser in (one, other)]
    forms = [{name: page.hidden(name) for name in ("position", "key")} for page in pages]
    assert forms[0]["position"] == forms[1]["position"] and forms[0]["key"] != forms[1]["key"]
    assert one.post("/answer", forms[0] | YES).status == other.post("/answer", forms[1] | NO).status == 303
    assert list(kept(folder)["kind"]) == ["none"]
    for turn in range(7):
        say((one, other)[turn % 2], YES)
    assert len(kept(folder)) == 8
    assert {browser.get("/rate").headers["location"] for browser in (one, other)} == {"/batch"}


def test_seconds_are_the_browser_s_and_no_more_than_passed_here(site, folder):
    browser = come_in(site, folder)
    begin(browser)
    for claimed in ("0.001", "9999", "-3", "nan", "inf", "", "x"):
        say(browser, NO | {"seconds": claimed})
    seconds = list(kept(folder)["seconds"])
    assert seconds[0] <= 0.001 and all(0 <= one < 60 for one in seconds)
