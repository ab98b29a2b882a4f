import { Ajv, type Options } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';

/**
 * Validation at the edge: unknown members are refused and nothing is converted, so that what was checked is what is used.
 * Only a query string's numbers are read as numbers, since a query has no types; a parameter given twice is an array, and refused.
 */
export function installValidation(app: FastifyInstance): void {
  const options: Options = {
    removeAdditional: false,
    useDefaults: false,
    allErrors: false,
    strict: true,
    strictTypes: false,
    strictRequired: false,
  };
  const body = new Ajv({ ...options, coerceTypes: false });
  const query = new Ajv({ ...options, coerceTypes: true });
  for (const ajv of [body, query]) {
    addFormats.default(ajv);
    ajv.addVocabulary(['example']);
  }
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'querystring' ? query : body).compile(schema as object),
  );
}
