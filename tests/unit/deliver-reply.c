/* deliver/reply: what people write back, and whose number it is. */
#include "deliver/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct reply_words *words;

static int setup(void **state)
{
        struct err err = {0};

        (void)state;
        if (reply_words_load(SOURCE_DIR "/templates/replies.yaml", &words, &err) < 0)
                fail_msg("%s", err.text);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        words = reply_words_free(words);
        return 0;
}

static void reads_answers(void **state)
{
        static const struct {
                const char *text;
                enum reply_answer answer;
                const char *child;
        } table[] = {
            {"1", REPLY_KNEW, ""},
            {" 1. ", REPLY_KNEW, ""},
            {"1\xef\xb8\x8f\xe2\x83\xa3", REPLY_KNEW, ""}, /* keycap */
            {"１", REPLY_KNEW, ""},                        /* fullwidth */
            {"Tiesin!", REPLY_KNEW, ""},
            {"Hei, TIESIN kiitos", REPLY_KNEW, ""},
            {"Jag visste", REPLY_KNEW, ""},
            {"jag visste inte", REPLY_DID_NOT_KNOW, ""},
            {"2", REPLY_DID_NOT_KNOW, ""},
            {"En  tiennyt…", REPLY_DID_NOT_KNOW, ""},
            {"I didn't know", REPLY_DID_NOT_KNOW, ""},
            {"I didn’t know", REPLY_DID_NOT_KNOW, ""},
            {"3", REPLY_CALL_ME, ""},
            {"Soittakaa minulle", REPLY_CALL_ME, ""},
            {"Ring mig!", REPLY_CALL_ME, ""},
            {"STOP", REPLY_STOP, ""},
            {"stopp", REPLY_STOP, ""},
            {"Seis", REPLY_STOP, ""},
            {"LOPETA", REPLY_STOP, ""},
            {"Sluta.", REPLY_STOP, ""},
            {"Start", REPLY_START, ""},
            {"börja", REPLY_START, ""},
            {"bo\xcc\x88rja", REPLY_START, ""}, /* o and a combining diaeresis */
            {"Я не знала", REPLY_DID_NOT_KNOW, ""},
            {"1 Aino", REPLY_KNEW, "aino"},
            {"2, Anna-Liisa", REPLY_DID_NOT_KNOW, "anna liisa"},
            {"en tiennyt Onni", REPLY_DID_NOT_KNOW, "onni"},
            {"", REPLY_UNCLEAR, ""},
            {"???", REPLY_UNCLEAR, ""},
            {"12", REPLY_UNCLEAR, ""},
            {"4", REPLY_UNCLEAR, ""},
            {"Hän tulee pian", REPLY_UNCLEAR, ""},
            {"stop tekstarit", REPLY_UNCLEAR, "tekstarit"},
            {"tiesinkö", REPLY_UNCLEAR, ""},
            {"\xff\xfe", REPLY_UNCLEAR, ""},
        };
        char child[WORDS_MAX_BYTES];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                enum reply_answer answer = reply_read(words, table[i].text, child);

                if (answer != table[i].answer || strcmp(child, table[i].child))
                        fail_msg("\"%s\": %s \"%s\"", table[i].text, reply_answer_name(answer), child);
        }
}

static void takes_long_text_for_unclear(void **state)
{
        char text[5000], child[WORDS_MAX_BYTES];

        (void)state;
        memset(text, 'a', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        assert_int_equal(reply_read(words, text, child), REPLY_UNCLEAR);
        memcpy(text, "1 ", 2);
        assert_int_equal(reply_read(words, text, child), REPLY_UNCLEAR);
        memset(text, ' ', sizeof text - 1);
        assert_int_equal(reply_read(words, text, child), REPLY_UNCLEAR);
}

static void reads_numbers(void **state)
{
        static const char *const good[] = {"+358400000010", "358400000010", "00358400000010",
                                           "+358 40 000 0010", "+358-(40)-0000010"};
        static const char *const bad[] = {"",
                                          "+",
                                          "Kapula",
                                          "0400000010",
                                          "+35840000001a",
                                          "16400",
                                          "+1234567890123456",
                                          "00",
                                          "35840+0000010"};
        char number[REPLY_NUMBER_MAX];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_true(reply_number(good[i], number));
                assert_string_equal(number, "+358400000010");
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (reply_number(bad[i], number))
                        fail_msg("%s: %s", bad[i], number);
}

static void knows_what_a_text_asks_for(void **state)
{
        static const struct {
                const char *text, *asked;
                enum reply_answer answer;
        } table[] = {
            {"Aino on poissa. Vastaa 1 = tiesin, 2 = en tiennyt.", "1 =", REPLY_KNEW},
            {"Vastaa 2=en tiennyt", "2=", REPLY_DID_NOT_KNOW},
            {"أجيبوا 3 = اتصلوا بي", "3 =", REPLY_CALL_ME},
            {"Jos et halua viestejä, vastaa STOP.", "STOP", REPLY_STOP},
            {"Kirjoita TIESIN", "TIESIN", REPLY_KNEW},
            {"CALL the school: +358400000010", "", REPLY_UNCLEAR},
            {"Soitathan kouluun: +358400000010", "", REPLY_UNCLEAR},
            {"(1. tunti) (tunnit 1, 2 ja 3) klo 8.00-8.45", "", REPLY_UNCLEAR},
            {"https://kapula.example.org/r/abc?a=1&stop=1=", "1=", REPLY_KNEW},
            {"Matkalaukku 12 = tusina", "", REPLY_UNCLEAR},
            {"4 = jotain muuta", "", REPLY_UNCLEAR},
            {"Non stop", "", REPLY_UNCLEAR},
            {"", "", REPLY_UNCLEAR},
        };
        char asked[REPLY_ASKED_MAX];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                asked[0] = '\0';
                if (reply_asked(words, table[i].text, asked) != table[i].answer ||
                    strcmp(asked, table[i].asked) != 0)
                        fail_msg("%s: \"%s\"", table[i].text, asked);
        }
}

static void knows_who_can_be_answered(void **state)
{
        (void)state;
        assert_true(reply_reaches("+358400000010"));
        assert_true(reply_reaches("358400000010"));
        assert_true(reply_reaches("16400"));
        assert_false(reply_reaches("Kuusijoki"));
        assert_false(reply_reaches("K2"));
        assert_false(reply_reaches("+"));
        assert_false(reply_reaches(""));
        assert_false(reply_reaches("+35840 1"));
}

static void refuses_bad_files(void **state)
{
        static const struct {
                const char *text, *fault;
        } table[] = {
            {"polite: [hei]\n", "words"},
            {"words:\n  fi: {knew: [a], stop: [A]}\n", "means two things"},
            {"words:\n  fi: {knew: [hei]}\npolite: [hei]\n", "means two things"},
            {"words:\n  fi: {knew: [\"!\"]}\n", "has no letter"},
            {"words:\n  fi: {new: [a]}\n", "new"},
            {"words: [a]\n", "words"},
            {"words: {}\nrude: [a]\n", "rude"},
        };
        char path[] = "/tmp/kapula-replies-XXXXXX";
        int fd = mkstemp(path);

        (void)state;
        assert_true(fd >= 0);
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                struct reply_words *read = NULL;
                struct err err = {0};

                assert_int_equal(ftruncate(fd, 0), 0);
                assert_int_equal(pwrite(fd, table[i].text, strlen(table[i].text), 0),
                                 (int)strlen(table[i].text));
                assert_int_equal(reply_words_load(path, &read, &err), ERR_INVALID);
                if (!strstr(err.text, table[i].fault))
                        fail_msg("%s: %s", table[i].text, err.text);
        }
        close(fd);
        unlink(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(reads_answers),
            cmocka_unit_test(takes_long_text_for_unclear),
            cmocka_unit_test(knows_what_a_text_asks_for),
            cmocka_unit_test(knows_who_can_be_answered),
            cmocka_unit_test(reads_numbers),
            cmocka_unit_test(refuses_bad_files),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
