/* /v1/receipts/PROVIDER and /v1/replies/PROVIDER: what providers tell by webhook. */
#include "web/state.h"

static void refuse(struct request *request)
{
        response_error(&request->response, 404,
                       "provider: %s: there is none of that name: see the providers folder",
                       request->wildcard);
        request_finish(request);
}

void receipts_post(struct web *web, struct request *request, struct db *db)
{
        (void)web;
        (void)db;
        refuse(request);
}

void replies_post(struct web *web, struct request *request, struct db *db)
{
        (void)web;
        (void)db;
        refuse(request);
}
