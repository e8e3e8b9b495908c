/**
 * The addresses of certificates and of what is known of the suite itself.
 *
 * @module
 */
import type { Env, Hono } from "hono";
import { requirementsOf } from "../../certificate/mod.ts";
import { CertificatePage, CertificatesPage } from "../pages/certificates.tsx";
import { MutantsPage } from "../pages/mutants.tsx";
import { SuitePage } from "../pages/suite.tsx";
import { DepthPage, RacesPage, TourPage } from "../pages/tours.tsx";
import { missing, type Pages, type Problem, type Shown } from "../shown.tsx";
import {
  certificateNamed,
  certificatesOf,
  type CertificateSources,
  certificateText,
  recheck,
} from "./certificates.ts";
import { EMPTY_SHELF, type Shelf } from "./shelf.ts";

/** What these pages are made from. */
type Sources = Omit<CertificateSources, "shelf"> & { readonly shelf?: Shelf | undefined };

/** Adds the pages. */
export function pagesOfPapers<E extends Env>(
  app: Hono<E>,
  { shelf = EMPTY_SHELF, ...rest }: Sources,
  pages: Pages,
): void {
  const sources = { shelf, ...rest };
  const { ledger, cases } = sources;
  app.get("/certificates", (c) =>
    pages.show(c, async () => ({
      title: "Certificates",
      place: "certificates",
      body: <CertificatesPage certificates={await certificatesOf(sources)} />,
    })));
  app.get("/certificates/:name", (c) => pages.show(c, () => certificatePage(c.req.param("name"), sources)));
  app.get("/certificates/:name/certificate.json", (c) => {
    const text = certificateText(c.req.param("name"), shelf);
    if (text === undefined) return pages.problem(c, missing("certificate", c.req.param("name")));
    return c.body(text, 200, { "content-type": "application/json", "content-disposition": "attachment" });
  });
  app.get("/suite", (c) =>
    pages.show(c, () => ({
      title: "Suite",
      place: "suite",
      body: <SuitePage papers={shelf.papers()} ledger={ledger} cases={[...cases.values()]} />,
    })));
  app.get("/suite/:kind/:name", (c) => {
    const { kind, name } = c.req.param();
    return pages.show(c, () => suitePage(kind, name, shelf));
  });
}

async function certificatePage(name: string, sources: CertificateSources): Promise<Shown | Problem> {
  const checked = await certificateNamed(name, sources);
  if (!checked) return missing("certificate", name);
  const { certificate } = checked;
  const title = certificate ? `Certificate: ${certificate.profile.id} on ${certificate.target.id}` : name;
  const body = (
    <CertificatePage
      checked={checked}
      recheck={recheck(checked, sources)}
      requirementOf={requirementsOf(sources.ledger)}
      cases={sources.cases}
    />
  );
  return { title, place: "certificates", body };
}

function suitePage(kind: string, name: string, shelf: Shelf): Shown | Problem {
  const paper = shelf.papers().find((each) => each.name === name && folderOf(each.kind) === kind);
  switch (paper?.kind) {
    case "mutants":
      return {
        title: "Mutation score",
        place: "suite",
        body: <MutantsPage name={name} score={paper.score} />,
      };
    case "tour":
      return { title: "Model coverage", place: "suite", body: <TourPage name={name} tour={paper.tour} /> };
    case "depth":
      return { title: "Every sequence", place: "suite", body: <DepthPage name={name} tour={paper.tour} /> };
    case "races":
      return { title: "Races", place: "suite", body: <RacesPage name={name} races={paper.races} /> };
    default:
      return missing("report", name);
  }
}

function folderOf(kind: string): string {
  return kind === "tour" || kind === "depth" ? "tours" : kind;
}
