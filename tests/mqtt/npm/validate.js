// validate.js FOLDER: asyncapi.yaml, openapi.yaml and events.schema.json in FOLDER against their specifications' schemas,
// and every $ref in them. Exit 1 and a line for each fault.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import addFormats from "ajv-formats";
import { parse } from "yaml";

const require = createRequire(import.meta.url);
const Ajv = require("ajv").default;
const folder = process.argv[2];
const faults = [];
const read = (name) => readFileSync(join(folder, name), "utf8");

function formats(ajv) {
  (addFormats.default ?? addFormats)(ajv);
  return ajv;
}

function check(name, validate, document) {
  if (!validate(document))
    for (const error of validate.errors.slice(0, 10)) faults.push(`${name}: ${error.instancePath} ${error.message}`);
}

// What `pointer` names in DOCUMENT; undefined: nothing.
function resolve(document, pointer) {
  return pointer.split("/").slice(1).reduce(
    (at, part) => at?.[decodeURIComponent(part).replace(/~1/g, "/").replace(/~0/g, "~")], document);
}

function checkReferences(name, document, at = document) {
  if (at === null || typeof at !== "object") return;
  if (typeof at.$ref === "string") {
    const [file, pointer] = at.$ref.split("#");
    const known = file === "" || existsSync(join(folder, file));
    const target = file === "" ? document : known ? parse(read(file)) : undefined;
    if (!known || resolve(target, pointer) === undefined) faults.push(`${name}: $ref ${at.$ref}: nothing is there`);
  }
  for (const value of Object.values(at)) checkReferences(name, document, value);
}

const schema = JSON.parse(read("events.schema.json"));
try {
  formats(new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })).compile(schema);
} catch (error) {
  faults.push(`events.schema.json: ${error.message}`);
}

const asyncapi = parse(read("asyncapi.yaml"));
const specification = require("@asyncapi/specs/schemas/3.0.0-without-$id.json");
check("asyncapi.yaml", formats(new Ajv({ strict: false, validateSchema: false, allErrors: true })).compile(specification), asyncapi);
checkReferences("asyncapi.yaml", asyncapi);
for (const [name, operation] of Object.entries(asyncapi.operations))
  if (!resolve(asyncapi, operation.channel.$ref.slice(1))) faults.push(`asyncapi.yaml: operation ${name} has no channel`);

const openapi = parse(read("openapi.yaml"));
const result = await new Validator().validate(openapi);
if (!result.valid) faults.push(`openapi.yaml: ${JSON.stringify(result.errors).slice(0, 1000)}`);
checkReferences("openapi.yaml", openapi);

for (const fault of faults) console.error(`FAILED: ${fault}`);
process.exit(faults.length ? 1 : 0);
