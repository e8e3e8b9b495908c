/**
 * The vocabulary: every operation that a case can use, from its declaration.
 *
 * @module
 */
import { describeVocabulary, type OperationDescription } from "../../../spec/operations/describe.ts";
import { Facts } from "../components.tsx";

/** Every operation. */
export function OperationsPage() {
  const operations = describeVocabulary();
  return (
    <>
      <h1>Vocabulary</h1>
      <p class="lead">Every operation that a case can use. {operations.length} operations.</p>
      {operations.map((operation) => <OperationSection operation={operation} />)}
    </>
  );
}

function OperationSection({ operation }: { readonly operation: OperationDescription }) {
  return (
    <section id={operation.name}>
      <h2 class="mono">{operation.name}</h2>
      <p>{operation.summary}</p>
      <Facts
        facts={[
          ["Follows", operation.follows],
          ["Gives", operation.gives.replaceAll("`", "")],
          ["May fail with", operation.errnos.join(", ")],
          ["Where it is missing", operation.missing ?? ""],
          ["May cause", operation.events.join(", ")],
        ]}
      />
      {operation.arguments.length === 0 ? "" : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Argument</th>
                <th scope="col">Takes</th>
                <th scope="col">Where left out</th>
                <th scope="col">Meaning</th>
              </tr>
            </thead>
            <tbody>
              {operation.arguments.map(({ name, takes, required, default: value, description }) => (
                <tr>
                  <td class="mono">{name}</td>
                  <td>{takes.replaceAll("`", "")}</td>
                  <td>{required ? "must be given" : value === undefined ? "" : <code>{value}</code>}</td>
                  <td>{description}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
