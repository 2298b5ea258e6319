"""The inbox: captured mail, shown as it was sent and without any rights."""

from dataclasses import replace
from email.message import EmailMessage

from web_reading import Page
from web_register import clock

from twinflow.config import MailSettings
from twinflow.mail.mailer import open_maildir
from twinflow.mail.reports import read_report
from twinflow.services.mail.received import take_mail


def capture(runtime, subject: str, *, text: str = "", html: str = "") -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@b.example", "c@d.example"
    message["Date"] = "Fri, 20 Nov 2026 15:30:00 -0500"
    if text:
        message.set_content(text)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    open_maildir(runtime.settings.mail.capture_folder).add(message.as_bytes())


def address_of_first(browser) -> str:
    links = Page(browser.get("/inbox").text).all("a")
    return next(str(link["href"]) for link in links if str(link["href"]).startswith("/inbox/"))


def test_the_inbox_lists_the_digest(browser):
    page = Page(browser.get("/inbox").text)
    assert len(page.rows) == 2
    assert "Lucía Enlace <lucia@cuenca.example> Fri 2026-11-20 15:00 UTC" in page.rows[1]


def test_a_message_shows_headers_and_text(browser):
    page = Page(browser.get(address_of_first(browser)).text)
    assert page.row("To") == "To Lucía Enlace <lucia@cuenca.example>"
    assert page.row("Auto-Submitted") == "Auto-Submitted auto-generated"
    assert "Lucía Enlace: Este es su resumen" in page.text


def test_the_html_part_is_framed_with_no_rights(browser):
    address = address_of_first(browser)
    [frame] = Page(browser.get(address).text).all("iframe")
    assert frame == {"sandbox": None, "src": f"{address}/html", "title": "HTML part of the message"}
    response = browser.get(frame["src"])
    policy = response.headers["content-security-policy"].split("; ")
    assert policy == ["default-src 'none'", "style-src 'unsafe-inline'", "frame-ancestors 'self'", "sandbox"]
    assert response.headers["content-type"].startswith("text/html")
    assert "Medellin" in response.text


def test_what_a_message_says_is_never_html_of_the_page(empty, browse):
    capture(empty, "<b>bold</b>", text="<script>x</script>", html="<script>x</script>")
    browser = browse(empty)
    page = Page(browser.get(address_of_first(browser)).text)
    assert page.all("b") == page.all("script") == []
    assert "<b>bold</b>" in page.text


def test_a_message_with_one_part_says_which_is_not_there(empty, browse):
    capture(empty, "only text", text="words")
    browser = browse(empty)
    assert "This message has no HTML part." in Page(browser.get(address_of_first(browser)).text).text


def test_a_message_without_text_says_so(empty, browse):
    capture(empty, "only html", html="<p>words</p>")
    browser = browse(empty)
    assert "This message has no text part." in Page(browser.get(address_of_first(browser)).text).text


def test_an_empty_inbox_says_so(empty, browse):
    assert "There are no captured messages." in Page(browse(empty).get("/inbox").text).text


def test_with_a_mail_server_the_inbox_says_where_mail_goes(empty, browse, tmp_path):
    mail = MailSettings(host="mail.cuenca.example", sender="a@cuenca.example", capture_folder=tmp_path / "mail")
    runtime = replace(empty, settings=empty.settings.model_copy(update={"mail": mail}))
    text = Page(browse(runtime).get("/inbox").text).text
    assert "Mail leaves by the server mail.cuenca.example." in text
    assert "No mail server is set." not in text
    demo = Page(browse(runtime, demo=True).get("/inbox").text).text
    assert "Messages are kept here as they were sent. Nothing leaves." in demo


def test_an_unknown_message_is_not_found(browser):
    for address in ("/inbox/none", "/inbox/none/html"):
        response = browser.get(address)
        assert response.status_code == 404
        assert "There is no captured message none." in Page(response.text).text


def test_what_a_person_answered_is_shown_with_what_it_is_about_and_as_text_alone(empty, browse):
    answer = (
        b"From: Ana Gil <ana@example.org>\nPrecedence: list\nSubject: Re: Programa\n\n"
        b"The mayor cannot sign on Friday <script>alert(1)</script>\n"
    )
    take_mail(empty.engine, empty.rulebook, empty.people, read_report(answer), answer, clock(), whole=True)
    page = Page(browse(empty).get("/inbox").text)
    (row,) = [row for row in page.rows if "Re: Programa" in row]
    assert "Ana Gil <ana@example.org> answer of a person" in row
    shown = browse(empty, language="es").get("/inbox/received/1").text
    assert "respuesta de una persona" in shown
    assert "The mayor cannot sign on Friday &lt;script&gt;" in shown
    assert browse(empty).get("/inbox/received/2").status_code == 404
