import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OpenApiDocument, Operation } from '../../data/openapi/document.ts';
import { exampleOf, resolve } from '../../data/openapi/schema.ts';
import { Fields } from './Fields.tsx';
import { Prose } from './Prose.tsx';

interface OperationCardProps {
  readonly document: OpenApiDocument;
  readonly operation: Operation;
}

export function OperationCard({ document, operation }: OperationCardProps) {
  const [isOpen, setIsOpen] = useState(() => location.hash === `#${operation.id}`);
  useEffect(() => {
    if (location.hash === `#${operation.id}`) window.document.getElementById(operation.id)?.scrollIntoView();
  }, [operation.id]);
  return (
    <details
      className="operation"
      id={operation.id}
      open={isOpen}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
    >
      <summary>
        <span className={`method method-${operation.method.toLowerCase()}`}>{operation.method}</span>
        <code>{operation.path}</code>
        <span className="operation-summary">{operation.summary}</span>
      </summary>
      {isOpen && <Details document={document} operation={operation} />}
    </details>
  );
}

function Details({ document, operation }: OperationCardProps) {
  const { t } = useTranslation();
  const { access, parameters, body, responses } = operation;
  return (
    <div className="operation-body">
      {operation.description && <Prose text={operation.description} />}
      {access && (
        <p className="access">
          <strong>{t('reference.access')}</strong> {access}
        </p>
      )}
      {parameters.length > 0 && (
        <>
          <h3>{t('reference.parameters')}</h3>
          <Fields
            document={document}
            fields={parameters.map(({ name, in: place, required = false, description, schema }) => ({
              name,
              place,
              required,
              schema: { ...schema, ...(description && { description }) },
            }))}
          />
        </>
      )}
      {body && (
        <>
          <h3>{t('reference.body')}</h3>
          <SchemaView document={document} media={body} />
        </>
      )}
      <h3>{t('reference.answers')}</h3>
      {responses.map(({ status, description, media }) => (
        <details key={status} className="answer">
          <summary>
            <span className={Number(status) < 400 ? 'answer-good' : 'answer-bad'}>{status}</span>{' '}
            <Prose text={description} inline />
          </summary>
          {media && <SchemaView document={document} media={media} />}
        </details>
      ))}
    </div>
  );
}

function SchemaView({
  document,
  media,
}: {
  document: OpenApiDocument;
  media: NonNullable<Operation['body']>;
}) {
  const { t } = useTranslation();
  const schema = resolve(document, media.schema);
  const fields = Object.entries(schema?.properties ?? {}).map(([name, field]) => ({
    name,
    required: schema?.required?.includes(name) ?? false,
    schema: field,
  }));
  const example = media.schema ? exampleOf(document, media.schema) : media.example;
  return (
    <div className="schema">
      {fields.length > 0 && <Fields document={document} fields={fields} />}
      {example !== undefined && example !== null && (
        <figure>
          <figcaption className="soft">{t('reference.example')}</figcaption>
          <pre tabIndex={0} role="region" aria-label={t('reference.example')}>
            <code>{JSON.stringify(example, null, 2)}</code>
          </pre>
        </figure>
      )}
    </div>
  );
}
