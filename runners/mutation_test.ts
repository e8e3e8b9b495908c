import { assertEquals, assertMatch } from "@std/assert";
import { parseCases } from "../cases/parse.ts";
import { loadLedger } from "../spec/ledger.ts";
import type { Case } from "../cases/case.ts";
import { passesOn, runMutants } from "./mutation.ts";
import { DEFAULT_DIALECT } from "./simulator/mod.ts";
import type { Mutant } from "./simulator/mutants/mod.ts";
