"""Pages stand alone: they ask for nothing, complain of nothing, and their links lead somewhere."""

import pytest

pytestmark = pytest.mark.browser


def test_nothing_is_loaded_and_nothing_complains(pages, reader):
    """The only request is the page itself and the console stays empty: unfolded, on a phone, on paper."""
    for name, path in pages.items():
        page = reader.open(path, unfold=True)
        page.mouse.wheel(0, 100_000)
        page.set_viewport_size({"width": 390, "height": 800})
        page.emulate_media(media="print")

        assert [what for what in page.seen if not what.startswith("data:")] == [path.as_uri()], name


def test_a_page_that_loads_or_fails_is_seen(reader, tmp_path):
    """What the test above looks at does show a picture from elsewhere, a refusal and an error."""
    path = tmp_path / "page.html"
    path.write_text(
        "<meta charset=utf-8><meta http-equiv=Content-Security-Policy content=\"style-src 'none'\">"
        "<img src='https://example.org/x.png'><p style='color: red'>x</p>"
        "<script>throw new Error('broken')</script>",
        encoding="utf-8",
    )
    page = reader.open(path)
    seen = " ".join(page.seen)

    assert "https://example.org/x.png" in seen
    assert "Content Security Policy" in seen
    assert "broken" in seen


def test_every_link_leads_somewhere(fresh, site, reader):
    """A link is a place on the page or a page that was published."""
    whole = [name for name in fresh.keys() & site.keys() if name.startswith("hostile")]
    for name in whole:
        path = site[name]
        page = reader.open(path)
        links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
        ids = set(page.eval_on_selector_all("[id]", "all => all.map(one => one.id)"))

        assert links, name
        for link in links:
            file, _, place = link.partition("#")
            assert (path.parent / file).exists(), f"{name}: {link}"
            there = (path.parent / file).read_text(encoding="utf-8") if file else ""
            assert not place or place in ids or f'id="{place}"' in there, f"{name}: {link}"
