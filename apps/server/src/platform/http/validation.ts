import { isLocale, isTimeZone } from '@gatehouse/contracts';
import { Ajv, type Options } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isAddress } from '../email.ts';
import { compiledOnce } from './compiled-once.ts';
import { Problem } from './problem.ts';

// A CommonJS package, whose plugin is the `default` of what is imported.
const addFormats = ajvFormats.default as unknown as (ajv: Ajv) => Ajv;

const OPTIONS: Options = {
  removeAdditional: false,
  useDefaults: false,
  allErrors: false,
  strict: true,
  strictTypes: false,
  strictRequired: false,
};
const compileBody = compiler({ ...OPTIONS, coerceTypes: false });
const compileQuery = compiler({ ...OPTIONS, coerceTypes: true });

function compiler(options: Options) {
  const ajv = new Ajv(options);
  addFormats(ajv);
  ajv.addFormat('date-time', { type: 'string', validate: isMoment(ajv) });
  ajv.addFormat('idn-email', { type: 'string', validate: isAddress });
  ajv.addFormat('bcp47', { type: 'string', validate: isLocale });
  ajv.addFormat('iana-time-zone', { type: 'string', validate: isTimeZone });
  ajv.addVocabulary(['example']);
  return compiledOnce((schema) => ajv.compile(schema));
}

/**
 * Validation at the edge: unknown members are refused and nothing is converted, so that what was checked is what is used.
 * Only a query string's numbers are read as numbers, since a query has no types; a parameter given twice is an array, and refused.
 */
export function installValidation(app: FastifyInstance): void {
  app.setValidatorCompiler<object>(({ schema, httpPart }) =>
    (httpPart === 'querystring' ? compileQuery : compileBody)(schema),
  );
  app.addHook('preValidation', async (request) => {
    refuseUndeclared(request);
  });
}

/**
 * RFC 3339, but for the 60th second that it knows and JavaScript does not, and for what an offset carries out of the years of four
 * digits: of such a time no date can be made, or none that is written in this form again.
 */
function isMoment(ajv: Ajv): (text: string) => boolean {
  const format = ajv.formats['date-time'];
  const validate = typeof format === 'object' && 'validate' in format ? format.validate : undefined;
  if (typeof validate !== 'function') throw new Error('ajv-formats knows no date-time');
  return (text) => {
    if (!(validate as (text: string) => boolean)(text)) return false;
    const year = new Date(text).getUTCFullYear();
    return year >= 1 && year <= 9999;
  };
}

/**
 * An operation that declares no query takes none, and likewise a body.
 *
 * SECURITY: an id in a place that nobody reads looks as if it were obeyed (threats 6 and 71).
 *
 * @throws {Problem} `request.invalid`
 */
function refuseUndeclared(request: FastifyRequest): void {
  const { schema } = request.routeOptions;
  // Pages and files are no operations: mail programs and search engines hang parameters on their addresses.
  if (schema === undefined || schema.hide === true) return;
  const [name] = schema.querystring === undefined ? Object.keys(request.query as object) : [];
  if (name !== undefined) throw invalid(`querystring/${name.slice(0, 64)}`, 'this operation takes no query');
  // PostgreSQL has no text with a NUL, and no parameter means one.
  const nul = Object.entries(request.query as object).find(([, value]) => String(value).includes('\0'));
  if (nul !== undefined)
    throw invalid(`querystring/${nul[0].slice(0, 64)}`, 'must not contain a NUL character');
  if (schema.body !== undefined || request.body === undefined || request.body === null) return;
  // Many clients send `{}` with every POST.
  if (typeof request.body === 'object' && Object.keys(request.body).length === 0) return;
  throw invalid('body', 'this operation takes no body');
}

const invalid = (path: string, message: string) =>
  new Problem('request.invalid', { detail: `${path}: ${message}.`, errors: [{ path, message }] });
