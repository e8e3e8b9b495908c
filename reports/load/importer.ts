/**
 * Imports runs into a store until it is killed, as `conform import` does; a process of its own beside the readers.
 *
 * `deno run -A reports/load/importer.ts STORE FOLDER CASES FROM`
 *
 * @module
 */
import { loadCases } from "../../cases/load.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { ImportThreads } from "../store/mod.ts";
import { fill, templatesOf } from "./fill.ts";
import { chosen } from "./cases.ts";

const [store = "", folder = "", count = "", from = ""] = Deno.args;
const ledger = loadLedger();
const templates = templatesOf(chosen(loadCases(ledger).cases, Number(count)), ledger.digest);
using threads = new ImportThreads({ folder: store, judgedBy: "load", threads: 1 });
await fill(threads, templates, { folder, from: Number(from), to: Infinity });
