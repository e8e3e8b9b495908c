/**
 * A badge: the newest run of a target and profile in one small picture.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { RunEntry } from "../store/mod.ts";

/** About how wide a character is, in pixels. */
const CHARACTER = 6.6;
const PADDING = 8;

const COLOURS = { pass: "#1a6b3c", fail: "#b3261e", other: "#7a4d00", none: "#5b6168" } as const;

/** Draws a badge as SVG; without a run it says so. */
export function badge(profile: string, run: RunEntry | undefined): string {
  const [words, colour] = said(run);
  const left = profile.length > 40 ? `${profile.slice(0, 39)}…` : profile;
  const [first, second] = [widthOf(left), widthOf(words)];
  const drawing = (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={first + second}
      height="20"
      viewBox={`0 0 ${first + second} 20`}
      role="img"
      aria-label={`${left}: ${words}`}
    >
      <title>{`${left}: ${words}`}</title>
      <rect width={first + second} height="20" rx="3" fill={colour} />
      <path d={`M 3 0 H ${first} V 20 H 3 A 3 3 0 0 1 0 17 V 3 A 3 3 0 0 1 3 0 z`} fill="#3a3f45" />
      <g fill="#ffffff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">
        <text x={PADDING} y="14" textLength={first - 2 * PADDING}>{left}</text>
        <text x={first + PADDING} y="14" textLength={second - 2 * PADDING}>{words}</text>
      </g>
    </svg>
  );
  return `${drawing}\n`;
}

/** Answers with a badge; whoever has the same one is told that it has not changed. */
export function badgeAnswer(c: Context, drawing: string, status: 200 | 404): Response {
  const tag = `"${createHash("sha256").update(drawing).digest("base64url").slice(0, 22)}"`;
  const headers = { "content-type": "image/svg+xml", "cache-control": "max-age=300", etag: tag };
  return c.req.header("if-none-match") === tag
    ? c.body(null, 304, headers)
    : c.body(drawing, status, headers);
}

function widthOf(text: string): number {
  return Math.round(text.length * CHARACTER) + 2 * PADDING;
}

function said(run: RunEntry | undefined): readonly [string, string] {
  if (!run) return ["no run", COLOURS.none];
  const { counts, partial } = run;
  if (partial) return ["partial", COLOURS.none];
  if (counts.fail > 0) return [`${counts.fail} fail`, COLOURS.fail];
  if (counts.unknown > 0 || counts["not-run"] > 0) {
    return [`${counts.unknown + counts["not-run"]} unknown`, COLOURS.other];
  }
  const contested = counts.contested > 0 ? `, ${counts.contested} contested` : "";
  return [`${counts.pass} pass${contested}`, COLOURS.pass];
}
