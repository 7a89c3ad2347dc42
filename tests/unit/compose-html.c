/* compose/html: an e-mail's text as a page: escaped, its links, its directions, its maxima. */
#include "compose/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *page;

static const char *print(const char *title, const char *text, const char *language)
{
        struct err err = {0};

        free(page);
        page = NULL;
        assert_int_equal(html_email(title, text, language, html_direction(language), &page, &err), 0);
        return page;
}

static void has(const char *html, const char *wanted)
{
        if (!strstr(html, wanted))
                fail_msg("no \"%s\" in:\n%s", wanted, html);
}

static void has_not(const char *html, const char *unwanted)
{
        if (strstr(html, unwanted))
                fail_msg("\"%s\" in:\n%s", unwanted, html);
}

static void keeps_paragraphs_and_lists(void **state)
{
        const char *html =
            print("Poissaolo",
                  "Hei,\n\nAino on merkitty:\n- klo 8.00–8.45\n- klo 9.00\n\n\nTerveisin\nKoulu\n", "fi");

        (void)state;
        has(html, "<html lang=\"fi\" dir=\"ltr\">");
        has(html, "<title>Poissaolo</title>");
        has(html,
            "<p>Hei,</p>\n<p>Aino on merkitty:</p>\n<ul>\n<li>klo 8.00–8.45</li>\n<li>klo 9.00</li>\n</ul>\n"
            "<p>Terveisin<br>\nKoulu</p>\n</div>");
        has(html, "prefers-color-scheme: dark");
        has_not(html, "src=");
}

static void escapes_everything(void **state)
{
        const char *html = print("<b>&\"'", "<script>alert('x')</script> & \"y\" \x01 z", "fi\"><i>");

        (void)state;
        has(html, "<title>&lt;b&gt;&amp;&quot;&#39;</title>");
        has(html, "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;   z</p>");
        has(html, "lang=\"fi&quot;&gt;&lt;i&gt;\"");
        has_not(html, "<script");
        has_not(html, "<i>");
}

static void makes_links(void **state)
{
        const char *html = print(NULL, "Katso (https://example.org/a?b=1&c=2). Soita +358400000010.", "fi");

        (void)state;
        has(html, "(<a href=\"https://example.org/a?b=1&amp;c=2\" style=\"color:#0b57a4\"><bdi dir=\"ltr\">"
                  "https://example.org/a?b=1&amp;c=2</bdi></a>). Soita ");
        has(html, "<a href=\"tel:+358400000010\" style=\"color:#0b57a4\"><bdi "
                  "dir=\"ltr\">+358400000010</bdi></a>.");
        html = print(NULL, "javascript:alert(1) xhttps://example.org 3+358400000010 +12 https:// http://\"x",
                     "en");
        has_not(html, "<a ");
}

static void makes_a_button_of_a_link_alone(void **state)
{
        const char *html = print(NULL, "Vastaa:\nhttps://example.org/r/abc\n\nLoppu", "fi");

        (void)state;
        has(html, "<p>Vastaa:</p>\n<p><a class=\"button\" href=\"https://example.org/r/abc\"");
        has(html, ">Vastaa</a></p>\n<p class=\"address\"><a href=\"https://example.org/r/abc\"");
        has(html, "<p>Loppu</p>");
        has(print(NULL, "https://example.org/desk", "sv-FI"), ">Öppna sidan</a>");
        has(print(NULL, "https://example.org/r/x", "ar"), ">الرد</a>");
        has(print(NULL, "https://example.org/r/x", "tr"), ">Answer</a>");
}

static void keeps_directions(void **state)
{
        const char *html;

        (void)state;
        html = print("تنبيه", "Aino غائبة اليوم من مدرسة Kuusijoen koulu. اتصلوا: \u200e+358400000010", "ar");
        has(html, "<html lang=\"ar\" dir=\"rtl\">");
        has(html, "<div class=\"sheet\" lang=\"ar\" dir=\"rtl\"");
        has(html, "<p><bdi>Aino</bdi> غائبة اليوم من مدرسة <bdi>Kuusijoen koulu</bdi>. اتصلوا: <a "
                  "href=\"tel:+358400000010\"");
        has_not(html, "\u200e");
        /* one line in a reader's own language under a text in another */
        html = print(NULL, "Hei مريم 23.11.,\n\nهذه رسالة من المدرسة.", "fi");
        has(html, "<p>Hei <bdi>مريم</bdi> 23.11.,</p>\n<p dir=\"rtl\">هذه رسالة من المدرسة.</p>");
        assert_int_equal(html_direction("ar"), HTML_RTL);
        assert_int_equal(html_direction("ur"), HTML_RTL);
        assert_int_equal(html_direction("so"), HTML_LTR);
        assert_int_equal(html_direction(NULL), HTML_LTR);
}

static void refuses_what_is_too_long_or_broken(void **state)
{
        static char text[HTML_TEXT_MAX_BYTES + 2];
        struct err err = {0};
        char *html = NULL;

        (void)state;
        memset(text, 'a', HTML_TEXT_MAX_BYTES + 1);
        assert_int_equal(html_email("t", text, "fi", HTML_LTR, &html, &err), ERR_LIMIT);
        assert_int_equal(html_email("t", "\xff", "fi", HTML_LTR, &html, &err), ERR_INVALID);
        assert_int_equal(html_email("\xc3", "x", "fi", HTML_LTR, &html, &err), ERR_INVALID);
        assert_null(html);
}

/* What blows up most stays below the page's maximum. */
static void bounds_its_page(void **state)
{
        static const char *const piece_table[] = {"\"",     "http://a\n", "+1234567 ", "a\n\n",
                                                  "- \"\n", "aم",         "ab\n- c\n"};
        static char text[HTML_TEXT_MAX_BYTES + 1];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(piece_table); i++) {
                const size_t length = strlen(piece_table[i]);
                size_t used = 0;

                while (used + length <= HTML_TEXT_MAX_BYTES) {
                        memcpy(text + used, piece_table[i], length);
                        used += length;
                }
                text[used] = '\0';
                assert_true(strlen(print(NULL, text, "fi")) < HTML_MAX_BYTES);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(keeps_paragraphs_and_lists),
            cmocka_unit_test(escapes_everything),
            cmocka_unit_test(makes_links),
            cmocka_unit_test(makes_a_button_of_a_link_alone),
            cmocka_unit_test(keeps_directions),
            cmocka_unit_test(refuses_what_is_too_long_or_broken),
            cmocka_unit_test(bounds_its_page),
        };
        int failed = cmocka_run_group_tests(tests, NULL, NULL);

        free(page);
        return failed;
}
