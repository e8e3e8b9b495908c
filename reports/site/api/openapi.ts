/**
 * The description of the programming interface, made from its routes.
 *
 * @module
 */
import { z } from "zod";
import type { Route } from "./api.ts";

/** Makes the description, OpenAPI 3.1. */
export function openApi(
  routes: readonly Route[],
  problem: z.ZodType,
  version: string,
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll("*}", "}");
    paths[path] = { ...paths[path], [route.method]: operation(route, problem) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "dmabuf-conform",
      version,
      description:
        "What a suite for the revocation of dma-bufs has found, run by run. Everything but one address only reads.",
    },
    paths,
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  };
}

function operation(route: Route, problem: z.ZodType): Record<string, unknown> {
  const good = route.method === "post" ? "201" : "200";
  return {
    summary: route.summary,
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.secured ? { security: [{ token: [] }] } : {}),
    ...(route.takes
      ? {
        requestBody: {
          required: true,
          description: route.takes.description,
          content: { [route.takes.type]: { schema: { type: "string" } } },
        },
      }
      : {}),
    responses: {
      [good]: {
        description: route.summary,
        content: { [route.type]: { schema: schemaOf(route.answer, "output") } },
      },
      ...Object.fromEntries(
        Object.entries(route.problems).map((
          [status, description],
        ) => [status, { description, content: json(problem) }]),
      ),
    },
  };
}

function json(schema: z.ZodType): Record<string, unknown> {
  return { "application/json": { schema: schemaOf(schema, "output") } };
}

function schemaOf(schema: z.core.$ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function pathParameters(path: string): Record<string, unknown>[] {
  return [...path.matchAll(/\{([a-z]+)(\*?)\}/g)].map(([, name, rest]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
    ...(rest === "*" ? { description: "May have slashes in it" } : {}),
  }));
}

function queryParameters(query: z.ZodObject): Record<string, unknown>[] {
  return Object.entries(query.shape).map(([name, schema]) => ({
    name,
    in: "query",
    required: !schema.safeParse(undefined).success,
    schema: schemaOf(schema, "input"),
  }));
}
