/**
 * The vocabulary: every operation that a case can use, from its declaration.
 *
 * @module
 */
import { describeVocabulary, type OperationDescription } from "../../../spec/operations/describe.ts";
import { Facts } from "../components/facts.tsx";
import { Table } from "../components/table.tsx";
import { operationPath } from "../links.ts";

/** Every operation. */
export function OperationsPage() {
  const operations = describeVocabulary();
  const families = Map.groupBy(operations, ({ name }) => name.slice(0, name.indexOf(".")));
  return (
    <>
      <h1>Vocabulary</h1>
      <p class="lead">Every operation that a case can use: {operations.length}.</p>
      <dl class="facts">
        {[...families].map(([family, own]) => (
          <>
            <dt class="mono">{family}</dt>
            <dd class="links mono">
              {own.map(({ name }) => <a href={operationPath(name)}>{name.slice(family.length + 1)}</a>)}
            </dd>
          </>
        ))}
      </dl>
      {operations.map((operation) => <OperationSection operation={operation} />)}
    </>
  );
}

function OperationSection({ operation }: { readonly operation: OperationDescription }) {
  return (
    <section id={operation.name}>
      <h2 class="mono">{operation.name}</h2>
      <p>
        <Words text={operation.summary} />
      </p>
      <pre class="wrap">{operation.example}</pre>
      <Facts
        facts={[
          ["Follows", operation.follows],
          ["Gives", <Words text={operation.gives} />],
          ["May fail with", operation.errnos.join(", ")],
          ["Where it is missing", operation.missing ?? ""],
          ["May cause", operation.events.join(", ")],
        ]}
      />
      {operation.arguments.length === 0 ? "" : <Arguments operation={operation} />}
    </section>
  );
}

function Arguments({ operation }: { readonly operation: OperationDescription }) {
  return (
    <Table class="arguments stack" columns={["Argument", "Takes", "Where left out", "Meaning"]}>
      <tbody>
        {operation.arguments.map(({ name, takes, required, default: value, description }) => (
          <tr>
            <td class="mono">{name}</td>
            <td>
              <Words text={takes} />
            </td>
            <td>{required ? "must be given" : value === undefined ? "" : <code>{value}</code>}</td>
            <td>
              <Words text={description} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** A text in which code stands between back quotes. */
function Words({ text }: { readonly text: string }) {
  return <>{text.split("`").map((part, index) => index % 2 === 1 ? <code>{part}</code> : part)}</>;
}
