/* The frame of every page, the start page and the 404. */
#include "web/state.h"

#include <string.h>
#include <strings.h>

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1b1f24;--paper:#fff;--quiet:#57606a;--bubble:#e4f0ff;--line:#d0d7de;"
    "--link:#0a56b0}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#12161b;--quiet:#9aa5b1;--bubble:#17324f;"
    "--line:#30363d;--link:#79b8ff}}\n"
    "body{margin:0 auto;max-width:44rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);"
    "background:var(--paper)}\n"
    "a{color:var(--link)}\n"
    "h1{font-size:1.5rem}\n"
    "h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}\n"
    "ol{list-style:none;padding:0}\n"
    "li{margin:0 0 1rem}\n"
    ".when,.subject,.bubble{margin:0}\n"
    ".when{font-size:.85rem;color:var(--quiet)}\n"
    ".subject{font-weight:600}\n"
    ".bubble{display:inline-block;max-width:34rem;margin-top:.25rem;padding:.6rem .9rem;border-radius:1rem "
    "1rem 1rem .2rem;"
    "background:var(--bubble);white-space:pre-wrap;overflow-wrap:anywhere}\n";

void style_get(struct web *web, struct request *request, struct db *db)
{
        (void)web;
        (void)db;
        request->response.cache = "public, max-age=3600";
        response_literal(&request->response, 200, "text/css; charset=utf-8", style);
}

/* Of the pages behind links: the templates' own, so that a municipality may change it. */
void page_style_get(struct web *web, struct request *request, struct db *db)
{
        struct buf body;

        (void)db;
        buf_init(&body, PAGES_FILE_MAX_BYTES);
        pthread_rwlock_rdlock(&web->pages_lock);
        buf_adds(&body, pages_style(web->pages));
        pthread_rwlock_unlock(&web->pages_lock);
        request->response.cache = "public, max-age=3600";
        response_buf(&request->response, 200, "text/css; charset=utf-8", &body);
        response_header(&request->response, "X-Content-Type-Options", "nosniff");
}

void page_begin(struct buf *buf, const char *language, const char *title)
{
        buf_addf(buf, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
                 language);
        html_add(buf, title);
        buf_adds(buf, strcmp(title, "Kapula") ? " – Kapula" : "");
        buf_adds(buf, "</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n"
                      "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<main>\n<h1>");
        html_add(buf, title);
        buf_adds(buf, "</h1>\n");
}

void page_end(struct buf *buf)
{
        buf_adds(buf, "</main>\n</body>\n</html>\n");
}

/* The first language of the list that we speak; people's browsers list them in the order of their liking. */
const char *page_language(struct request *request)
{
        static const char *const known[] = {"fi", "sv", "en"};
        const char *accept = request_header(request, "Accept-Language");

        for (; accept && *accept; accept += strcspn(accept, ","), accept += *accept == ',') {
                accept += strspn(accept, " \t");
                for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                        if (strncasecmp(accept, known[i], 2) == 0 && strchr("-,; ", accept[2]))
                                return known[i];
        }
        return known[0];
}

static const struct {
        const char *language, *about, *desk, *sandbox, *health, *metrics;
} word_table[] = {
    {"fi", "Kapula välittää viestit kodin, koulun ja työpaikan välillä. Tämä palvelin on käynnissä.",
     "Henkilökunnan työpöytä", "Lähteneet viestit (kokeilu)", "Palvelimen tila", "Mittarit"},
    {"sv", "Kapula förmedlar meddelanden mellan hem, skola och arbetsplats. Den här servern är i gång.",
     "Personalens skrivbord", "Skickade meddelanden (prov)", "Serverns tillstånd", "Mätvärden"},
    {"en", "Kapula carries messages between home, school and workplace. This server is running.",
     "The desk of staff", "Messages that went out (demonstration)", "State of the server", "Metrics"},
};

void start_get(struct web *web, struct request *request, struct db *db)
{
        struct buf body;

        (void)db;
        buf_init(&body, 16384);
        page_begin(&body, "fi", "Kapula");
        for (size_t i = 0; i < ARRAY_SIZE(word_table); i++) {
                buf_addf(&body, "<section lang=\"%s\">\n<p>%s</p>\n<ul>\n", word_table[i].language,
                         word_table[i].about);
                if (web->desk_pages)
                        buf_addf(&body, "<li><a href=\"/desk\">%s</a></li>\n", word_table[i].desk);
                if (web->options.is_sandbox)
                        buf_addf(&body, "<li><a href=\"/sandbox\">%s</a></li>\n", word_table[i].sandbox);
                buf_addf(&body,
                         "<li><a href=\"/healthz\">%s</a></li>\n<li><a "
                         "href=\"/metrics\">%s</a></li>\n</ul>\n</section>\n",
                         word_table[i].health, word_table[i].metrics);
        }
        buf_adds(&body, "<p class=\"when\">kapula ");
        html_add(&body, web->options.version ? web->options.version : "");
        buf_adds(&body, "</p>\n");
        page_end(&body);
        response_buf(&request->response, 200, TYPE_HTML, &body);
}

static const struct {
        const char *language, *title, *text, *home;
} missing_table[] = {
    {"fi", "Sivua ei ole", "Linkki on vanhentunut tai väärin kirjoitettu.", "Alkusivulle"},
    {"sv", "Sidan finns inte", "Länken har gått ut eller är felskriven.", "Till startsidan"},
    {"en", "There is no such page", "The link has expired or is mistyped.", "To the start page"},
};

/* People get a page, programs a line. */
static void tell_missing(struct request *request, int status)
{
        const char *accept = request_header(request, "Accept"), *language;
        struct buf body;
        int words = 0;

        if (!accept || !strcasestr(accept, "text/html")) {
                response_error(&request->response, status,
                               "address: there is nothing here: see the start page /");
                return;
        }
        language = page_language(request);
        while (strcmp(missing_table[words].language, language) != 0)
                words++;
        buf_init(&body, 8192);
        page_begin(&body, language, missing_table[words].title);
        buf_addf(&body, "<p>%s</p>\n<p><a href=\"/\">%s</a></p>\n", missing_table[words].text,
                 missing_table[words].home);
        page_end(&body);
        response_buf(&request->response, status, TYPE_HTML, &body);
}

void missing(struct web *web, struct request *request)
{
        (void)web;
        tell_missing(request, 404);
}

void gone(struct request *request)
{
        tell_missing(request, 410);
}
