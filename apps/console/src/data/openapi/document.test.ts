import { describe, expect, it } from 'vitest';
import { matches, type OpenApiDocument, readGroups } from './document.ts';
import { exampleOf, sayType } from './schema.ts';

const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'Example', version: '1' },
  paths: {
    '/users/{id}': {
      get: {
        operationId: 'getUser',
        tags: ['Users'],
        summary: 'One user',
        description: 'By id.\n\nAccess: user with users:read.',
        responses: {
          '200': {
            description: 'Default Response',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/def-0' } } },
          },
        },
      },
    },
    '/health': { get: { tags: ['Health'], description: 'Access: public: probes carry no identity.' } },
  },
  components: {
    schemas: {
      'def-0': {
        title: 'User',
        type: 'object',
        properties: {
          id: { type: 'string', examples: ['u1'] },
          lastLoginAt: { anyOf: [{ type: 'string', examples: ['2026'] }, { type: 'null' }] },
          self: { $ref: '#/components/schemas/def-0' },
        },
      },
    },
  },
};
const operations = readGroups(document).flatMap((group) => group.operations);

describe('the reference', () => {
  it('groups operations by tag and takes who may call them out of the description', () => {
    expect(readGroups(document).map(({ name }) => name)).toEqual(['Users', 'Health']);
    expect(operations[0]).toMatchObject({
      id: 'getUser',
      description: 'By id.',
      access: 'user with users:read',
    });
    expect(operations[1]).toMatchObject({ description: '', access: 'public: probes carry no identity' });
  });

  it('finds an operation by words of its path, its access and its summary together', () => {
    const found = (search: string): string[] =>
      operations.filter((operation) => matches(operation, search)).map(({ path }) => path);
    expect(found('user users:read')).toEqual(['/users/{id}']);
    expect(found('PROBES')).toEqual(['/health']);
    expect(found('')).toHaveLength(2);
    expect(found('user probes')).toEqual([]);
  });

  it('follows references for names and examples, and ends where they go round', () => {
    const schema = operations[0]?.responses[0]?.media?.schema;
    expect(sayType(document, schema)).toBe('User');
    expect(sayType(document, document.components?.schemas?.['def-0']?.properties?.lastLoginAt)).toBe(
      'string or null',
    );
    expect(exampleOf(document, schema)).toMatchObject({ id: 'u1', lastLoginAt: '2026', self: { id: 'u1' } });
  });
});
