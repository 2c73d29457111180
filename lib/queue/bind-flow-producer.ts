import type { FlowJob, FlowOpts, FlowProducer } from 'bullmq';
import { currentTenant, requireTenant } from '../context/tenant-context.js';
import { ownName, tenantIdOf } from './job-tenant.js';
import { withOwnParent } from './own-parent.js';
import { tenantOptions } from './tenant-options.js';

/**
 * Has a flow's jobs belong to the tenant of the running code, but for those in central queues. BullMQ itself asks the
 * telemetry only for those that have options.
 */
export function bindFlowProducer(
  producer: FlowProducer,
  isCentral: (queueName: string) => boolean,
): void {
  const add = producer.add.bind(producer);
  const addBulk = producer.addBulk.bind(producer);
  const getFlow = producer.getFlow.bind(producer);

  const own = (node: FlowJob, queues?: FlowOpts['queuesOptions']): FlowJob => {
    const children = node.children?.map((child) => own(child, queues));
    const tree = { ...node, ...(children && { children }) };
    if (isCentral(node.queueName)) return tree;
    const tenant = requireTenant(`A flow with a job for queue "${node.queueName}"`);
    const given = {
      ...queues?.[node.queueName]?.defaultJobOptions,
      jobId: undefined,
      ...node.opts,
    };
    // The type of a flow's options leaves out what BullMQ makes of their place in the tree.
    return { ...tree, opts: tenantOptions(tenant, node.name, given, producer.opts.telemetry) };
  };

  /** Below the root, a job's parent is its place in the tree. */
  const ownTree = async (root: FlowJob, queues?: FlowOpts['queuesOptions']): Promise<FlowJob> =>
    own({ ...root, opts: await withOwnParent(producer.client, root.opts) }, queues);

  producer.add = async (flow, options) => add(await ownTree(flow, options?.queuesOptions), options);
  producer.addBulk = async (flows) =>
    addBulk(await Promise.all(flows.map((flow) => ownTree(flow))));
  producer.getFlow = async (options) => {
    const tenant = currentTenant();
    if (tenant === undefined || isCentral(options.queueName)) return getFlow(options);
    for (const id of new Set([ownName(tenant.id, options.id), options.id])) {
      const node = await getFlow({ ...options, id });
      if (node !== undefined && tenantIdOf(node.job) === tenant.id) return node;
    }
    // As BullMQ answers for an id that no job has.
    return getFlow({ ...options, id: ownName(tenant.id, options.id) });
  };
}
