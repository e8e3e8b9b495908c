import { assertEquals } from "@std/assert";
import { compareReleases, isAskedFor, isKernelPackage, kernelsOf } from "./catalogue.ts";
import { parseStanzas } from "./stanzas.ts";

/** The stanza of a package, as an index has it. */
function stanza(name: string, version: string, depends = ""): string {
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    ...(depends === "" ? [] : [`Depends: ${depends}`]),
    "Description: Linux kernel",
    " which has: a colon",
    " .",
    `Size: 42`,
    `SHA256: ${name}-digest`,
  ].join("\n");
}

const INDEX = [
  stanza("linux-image-6.1.0-56-amd64", "6.1.192-2"),
  stanza("linux-image-6.12.107+deb13-amd64", "6.12.107-1"),
  stanza(
    "linux-headers-6.12.107+deb13-amd64",
    "6.12.107-1",
    "gcc-14-for-host, linux-kbuild-6.12 (>= 1) | no",
  ),
  stanza("linux-image-6.12.117+deb13-amd64", "6.12.117-1"),
  stanza("linux-image-6.12.117+deb13-cloud-amd64", "6.12.117-1"),
  stanza("linux-source-6.12", "6.12.117-1"),
  stanza("linux-binary-7.0.13+deb13-amd64", "7.0.13-1~bpo13+1"),
  stanza("linux-image-7.0.13+deb13-amd64", "7.0.13-1~bpo13+1"),
  stanza("linux-image-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
  stanza("linux-binary-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
  stanza("linux-binary-unsigned-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
  stanza("linux-modules-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
  stanza("linux-base-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
].join("\n\n") + "\n";

Deno.test("parseStanzas() reads fields and their continued lines", () => {
  const [first] = parseStanzas(INDEX);
  assertEquals(first?.get("Package"), "linux-image-6.1.0-56-amd64");
  assertEquals(first?.get("Description"), "Linux kernel\nwhich has: a colon\n.");
  assertEquals(first?.get("Size"), "42");
});

Deno.test("parseStanzas() finds nothing in an empty index", () => {
  assertEquals(parseStanzas("\n\n\n"), []);
});

Deno.test("kernelsOf() puts kernels together, the newest first", () => {
  assertEquals(
    kernelsOf(parseStanzas(INDEX)).map(({ release, version, flavour, extent, packages }) => [
      release,
      version,
      flavour,
      extent,
      packages.map(({ name }) => name.replace(/-\d.*/, "")),
    ]),
    [
      ["7.3.4+deb13-amd64", "7.3.4", "plain", "whole", ["linux-binary", "linux-modules", "linux-base"]],
      ["7.0.13+deb13-amd64", "7.0.13", "plain", "image only", ["linux-binary"]],
      ["6.12.117+deb13-cloud-amd64", "6.12.117", "cloud", "whole", ["linux-image"]],
      ["6.12.117+deb13-amd64", "6.12.117", "plain", "whole", ["linux-image"]],
      ["6.12.107+deb13-amd64", "6.12.107", "plain", "whole", ["linux-image"]],
      ["6.1.0-56-amd64", "6.1.192", "plain", "whole", ["linux-image"]],
    ],
  );
});

Deno.test("kernelsOf() finds headers with what they need, and the sources of the series", () => {
  const kernel = kernelsOf(parseStanzas(INDEX)).find(({ version }) => version === "6.12.107");
  assertEquals(kernel?.headers?.depends, ["gcc-14-for-host", "linux-kbuild-6.12"]);
  assertEquals(kernel?.source?.name, "linux-source-6.12");
});

Deno.test("isAskedFor() takes versions, series, flavours and releases", () => {
  const kernel = { release: "6.12.117+deb13-amd64", version: "6.12.117" };
  const cloud = { release: "6.12.117+deb13-cloud-amd64", version: "6.12.117" };
  const asked = ["6", "6.12", "6.12.117", "6.12.117+deb13-amd64", "6.1", "6.12.11", "6.12-cloud", "newest"];
  assertEquals(asked.filter((each) => isAskedFor(each, kernel)), asked.slice(0, 4));
  assertEquals(asked.filter((each) => isAskedFor(each, cloud)), ["6.12-cloud"]);
});

Deno.test("compareReleases() counts, and does not spell", () => {
  const releases = ["6.12.9+deb13-amd64", "6.12.100+deb13-amd64", "7.0.1+deb13-amd64", "6.1.0-56-amd64"];
  assertEquals(releases.toSorted(compareReleases), [
    "6.1.0-56-amd64",
    "6.12.9+deb13-amd64",
    "6.12.100+deb13-amd64",
    "7.0.1+deb13-amd64",
  ]);
});

Deno.test("isKernelPackage() leaves out what only names the newest, and what has no kernel", () => {
  const names = [
    "linux-image-amd64",
    "linux-image-7.3.4+deb13-amd64",
    "linux-image-7.3.4+deb13-amd64-dbg",
    "linux-doc-7.3",
  ];
  assertEquals(names.filter(isKernelPackage), ["linux-image-7.3.4+deb13-amd64"]);
});
