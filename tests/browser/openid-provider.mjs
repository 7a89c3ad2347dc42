// openid-provider: an OpenID provider of a test's own (the npm package oidc-provider), in a process of its own. Prints its
// issuer, then takes one line of JSON with its clients and settings and answers "ready". Anybody may sign in by any password;
// the login name says who: LOGIN is LOGIN@example.org, verified unless it begins with "unverified".
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import http from "node:http";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(path.join(process.env.MODULES, "package.json"));
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const jwk = (type, options, more) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), use: "sig", ...more });
const server = http.createServer();
await new Promise((resolve) => server.listen(0, "localhost", resolve));
const issuer = `http://localhost:${server.address().port}`;
console.log(issuer);

readline.createInterface({ input: process.stdin }).once("line", (line) => {
  const { clients, conformIdTokenClaims } = JSON.parse(line);
  const provider = new Provider(issuer, {
    clients,
    conformIdTokenClaims,
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    cookies: { keys: ["of-a-test"] },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "HS256"] },
    features: { devInteractions: { enabled: true } },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id.replace(/^unverified-/, "")}@example.org`, email_verified: !id.startsWith("unverified") }),
    }),
    jwks: { keys: [jwk("rsa", { modulusLength: 2048 }, { kid: "r1" }), jwk("ec", { namedCurve: "P-256" }, { kid: "e1", alg: "ES256" })] },
    pkce: { required: () => true, methods: ["S256"] },
  });
  provider.on("server_error", (ctx, error) => console.error(error.stack));
  provider.on("grant.error", (ctx, error) => console.error(`grant: ${error.message} ${error.error_detail ?? ""}`));
  server.on("request", provider.callback());
  console.log("ready");
});
