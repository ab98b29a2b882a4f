export { installOpenApi, openApiRoute } from './openapi.ts';
