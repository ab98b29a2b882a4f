import { useTranslation } from 'react-i18next';
import type { OpenApiDocument, Schema } from '../../data/openapi/document.ts';
import { resolve, sayLimits, sayType } from '../../data/openapi/schema.ts';
import { Prose } from './Prose.tsx';

export interface Field {
  readonly name: string;
  readonly place?: string;
  readonly required: boolean;
  readonly schema: Schema;
}

export function Fields({ document, fields }: { document: OpenApiDocument; fields: readonly Field[] }) {
  const { t } = useTranslation();
  return (
    <ul className="fields">
      {fields.map(({ name, place, required, schema }) => {
        const resolved = resolve(document, schema) ?? schema;
        const limits = sayLimits(resolved);
        const description = schema.description ?? resolved.description;
        return (
          <li key={`${place ?? ''}${name}`}>
            <p>
              <code className="field-name">{name}</code>{' '}
              <span className="soft">{sayType(document, schema)}</span>
              {place && <span className="tag">{t(`reference.in.${place}`)}</span>}
              {required && <span className="tag required">{t('reference.required')}</span>}
            </p>
            {description && <Prose text={description} />}
            {limits.length > 0 && <p className="soft limits">{limits.join(' · ')}</p>}
          </li>
        );
      })}
    </ul>
  );
}
