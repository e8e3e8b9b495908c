/**
 * The page that says what cannot be shown, and what to do.
 *
 * @module
 */

/** What cannot be shown. */
export function ProblemPage({ title, details }: { readonly title: string; readonly details: string }) {
  return (
    <>
      <h1>{title}</h1>
      <p>{details}</p>
      <p>
        <a href="/">Go to the start</a>
      </p>
    </>
  );
}
