// What Fastify answers when it has nothing to do: the ceiling of this machine and this load driver.
import fastify from 'fastify';

const app = fastify();
app.get('/', {
  schema: { response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } } },
  handler: async () => ({ hello: 'world' }),
});
// The same with a body, which it parses and forgets.
app.post('/', {
  schema: { response: { 200: { type: 'object', properties: { decision: { type: 'boolean' } } } } },
  handler: async ({ body }) => ({ decision: typeof body === 'object' }),
});
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
