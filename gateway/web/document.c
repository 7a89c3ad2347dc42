/* GET /v1/asyncapi.yaml, /v1/events.schema.json, /v1/openapi.yaml: what this program speaks. */
#include "web/document.h"
#include "web/state.h"

#include <string.h>

static void answer(struct request *request, const char *name, const char *type)
{
        request->response.cache = "public, max-age=3600";
        for (size_t i = 0; i < document_count; i++)
                if (strcmp(document_table[i].name, name) == 0)
                        response_literal(&request->response, 200, type, document_table[i].text);
}

void asyncapi_get(struct web *web, struct request *request, struct db *db)
{
        (void)web;
        (void)db;
        answer(request, "asyncapi.yaml", "application/yaml");
}

void events_schema_get(struct web *web, struct request *request, struct db *db)
{
        (void)web;
        (void)db;
        answer(request, "events.schema.json", "application/schema+json");
}

void openapi_get(struct web *web, struct request *request, struct db *db)
{
        (void)web;
        (void)db;
        answer(request, "openapi.yaml", "application/yaml");
}
