import { engines } from '../support/engines.js';
import { startTenancyApp } from '../support/tenancy-app.js';
describe.each(engines)('$name', ({ prepare }) => {
  it('x', async () => {
    const setup = await prepare();
    const app = await startTenancyApp(setup);
    const log = await app.central.driver.createSchemaBuilder().log();
    console.log(log.upQueries.map(({query}) => query));
    const qr = app.central.createQueryRunner();
    const t = await qr.getTable('tenancy_tenants');
    console.log(JSON.stringify(t?.columns.map(({name,type,length,isNullable,isPrimary,isUnique,default: d, collation})=>({name,type,length,isNullable,isPrimary,isUnique,d,collation}))), JSON.stringify(t?.indices), JSON.stringify(t?.uniques), JSON.stringify((await qr.getTable('tenancy_domains'))?.foreignKeys));
    await qr.release();
    await app.close(); await setup.cleanUp();
  });
});
