import { isLocale, isTimeZone } from '@gatehouse/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../server.fixture.ts';
import { isAddress } from '../../src/platform/email.ts';

// A CommonJS package, whose plugin is the `default` of what is imported.
const addFormats = ajvFormats.default as unknown as (ajv: Ajv2020) => Ajv2020;

interface Media {
  schema: object;
  example?: unknown;
}
interface Operation {
  parameters?: { name: string; schema: { examples?: unknown[] } }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
}

/** Whoever builds against the description copies its examples first: each is what the server takes or gives. */
describe('the examples of /openapi.json', () => {
  let gatehouse: TestServer;
  const given: { where: string; pointer: string; example: unknown }[] = [];
  let ajv: Ajv2020;
  beforeAll(async () => {
    gatehouse = await startServer();
    const document = (await gatehouse.browser().get('/openapi.json')).body;
    ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    ajv.addFormat('idn-email', { type: 'string', validate: isAddress });
    ajv.addFormat('bcp47', { type: 'string', validate: isLocale });
    ajv.addFormat('iana-time-zone', { type: 'string', validate: isTimeZone });
    ajv.addSchema({ ...document, $id: 'https://gatehouse.invalid/openapi.json' });
    const paths = document['paths'] as Record<string, Record<string, Operation>>;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const at = ['paths', path, method];
        const media = (place: string[], content: Record<string, Media> = {}) => {
          for (const [type, { example }] of Object.entries(content))
            add([...at, ...place, 'content', type, 'schema'], example);
        };
        media(['requestBody'], operation.requestBody?.content);
        for (const [status, answer] of Object.entries(operation.responses))
          media(['responses', status], answer.content);
        for (const [index, { schema }] of (operation.parameters ?? []).entries()) {
          for (const example of schema.examples ?? [])
            add([...at, 'parameters', String(index), 'schema'], example);
        }
      }
    }
  });
  afterAll(() => gatehouse.close());

  function add(place: string[], example: unknown): void {
    const escaped = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
    given.push({ where: place.join(' '), pointer: `#/${escaped.join('/')}`, example });
  }

  it('are each valid by the schema that they stand beside', () => {
    expect(given.length).toBeGreaterThan(300);
    const wrong = given.flatMap(({ where, pointer, example }) => {
      const validate = ajv.getSchema(`https://gatehouse.invalid/openapi.json${pointer}`);
      if (validate === undefined) throw new Error(`no schema at ${pointer}`);
      return validate(example) === true ? [] : [`${where}: ${ajv.errorsText(validate.errors)}`];
    });
    expect(wrong).toEqual([]);
  });
});
