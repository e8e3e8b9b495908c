/**
 * RDMA devices: memory regions over a dma-buf, and pages of a device that are exported as one.
 *
 * What user space can do is `rdma.*`; what only a driver can ask of the RDMA core is `umem.*`, for which a real
 * kernel needs a test module.
 *
 * @module
 */
import { z } from "zod";
import { sizeSchema } from "../size.ts";
import { descriptorOrNumber, named, operation } from "./operation.ts";

const page = z.int().nonnegative().default(0).meta({ description: "Index of the page within the region." });

/** The operations of RDMA devices that user space can reach. */
export const rdmaOperations = {
  "rdma.open": operation({
    regions: z.enum(["pinned", "revocable", "on-demand"]).default("revocable").meta({
      description:
        "How its driver attaches to a buffer. pinned: pins and has no callback. revocable: pins and has it. " +
        "on-demand: does not pin, and the hardware takes page faults.",
    }),
  }, {
    summary: "Opens an RDMA device that nobody has open.",
    follows: "ibv_open_device(); ib_uverbs_open()",
    result: { gives: "object", kind: "nic" },
    errnos: ["ENOENT", "EACCES", "ENODEV", "EMFILE"],
  }),
  "rdma.register": operation({
    nic: named.nic,
    buffer: descriptorOrNumber,
    offset: sizeSchema.default(() => sizeSchema.parse(0)).meta({
      description: "Where in the buffer it starts.",
    }),
    length: sizeSchema.default(() => sizeSchema.parse("1 page")).meta({ description: "Bytes to register." }),
  }, {
    summary: "Registers a part of a buffer as a memory region that the hardware can read and write.",
    follows: "ibv_reg_dmabuf_mr(); ib_umem_dmabuf_get_pinned_revocable_and_lock()",
    result: { gives: "object", kind: "region" },
    errnos: ["EINVAL", "EBADF", "ENOMEM", "EOPNOTSUPP", "ENODEV", "EBUSY", "EIO"],
    missing: "EOPNOTSUPP",
    access: true,
  }),
  "rdma.deregister": operation({ region: named.region }, {
    summary: "Gives a memory region and its key back.",
    follows: "ibv_dereg_mr(); ib_umem_dmabuf_release()",
    result: { gives: "nothing" },
    errnos: ["EBUSY"],
    events: ["stop", "unmap", "unpin"],
  }),
  "rdma.read": operation({ region: named.region, page }, {
    summary: "Has the hardware read the first byte of a page; EIO stands for a completion with an error.",
    follows: "ibv_post_send() with IBV_WR_RDMA_READ, ibv_poll_cq()",
    result: { gives: "value", of: "the byte" },
    errnos: ["EIO"],
    access: true,
  }),
  "rdma.write": operation({
    region: named.region,
    page,
    value: z.int().min(0).max(255).meta({ description: "The byte to write." }),
  }, {
    summary: "Has the hardware write the first byte of a page; EIO stands for a completion with an error.",
    follows: "ibv_post_send() with IBV_WR_RDMA_WRITE, ibv_poll_cq()",
    result: { gives: "nothing" },
    errnos: ["EIO"],
    access: true,
  }),
  "rdma.prefetch": operation({ region: named.region }, {
    summary: "Has the driver serve the page faults of a whole region now.",
    follows: "ibv_advise_mr() with IBV_ADVISE_MR_FLAG_FLUSH; pagefault_dmabuf_mr()",
    result: { gives: "nothing" },
    errnos: ["EOPNOTSUPP", "EINVAL", "ENODEV", "ENOMEM"],
    missing: "EOPNOTSUPP",
    access: true,
  }),
  "rdma.key": operation({ region: named.region }, {
    summary: "Compares the key of a region with the keys of all the others that are not deregistered.",
    follows: "the rkey of struct ibv_mr",
    result: { gives: "value", of: "{ unique: boolean }" },
    errnos: [],
  }),
  "rdma.allocate": operation({ nic: named.nic }, {
    summary: "Allocates a page of the device that user space can map.",
    follows: "mlx5dv_devx_alloc_uar(); rdma_user_mmap_entry_insert()",
    result: { gives: "object", kind: "entry" },
    errnos: ["EOPNOTSUPP", "ENOMEM", "EIO"],
    missing: "EOPNOTSUPP",
  }),
  "rdma.free": operation({ entry: named.entry }, {
    summary: "Frees a page of the device, which revokes what was exported of it.",
    follows: "mlx5dv_devx_free_uar(); rdma_user_mmap_entry_remove()",
    result: { gives: "nothing" },
    errnos: [],
    events: ["invalidate", "remap", "stop", "unmap", "unpin"],
  }),
  "rdma.export": operation({
    entry: named.entry,
    offset: z.enum(["its", "unknown"]).default("its")
      .meta({ description: "The page offset of the page, or one that no page of the device has." }),
  }, {
    summary: "Exports a page of the device as a dma-buf.",
    follows: "UVERBS_METHOD_DMABUF_ALLOC",
    result: { gives: "object", kind: "buffer" },
    errnos: ["EIO", "EINVAL", "ENOMEM", "EMFILE"],
    missing: "EOPNOTSUPP",
  }),
  "rdma.unbind": operation({ nic: named.nic }, {
    summary:
      "Unbinds the device from its driver while it is open, which revokes everything that it exported.",
    follows: "ib_uverbs_remove_one(); uverbs_destroy_ufile_hw()",
    result: { gives: "nothing" },
    errnos: [],
    events: ["invalidate", "remap", "stop", "unmap", "unpin"],
  }),
};

/** The operations of the RDMA core that only a driver can reach. */
export const umemOperations = {
  "umem.map_pages": operation({ region: named.region }, {
    summary: "Maps the pages of a region, with the reservation of its buffer locked.",
    follows: "ib_umem_dmabuf_map_pages()",
    result: { gives: "nothing" },
    errnos: ["EINVAL", "ENODEV", "ENOMEM"],
    access: true,
  }),
  "umem.unmap_pages": operation({ region: named.region }, {
    summary: "Unmaps the pages of a region, with the reservation of its buffer locked.",
    follows: "ib_umem_dmabuf_unmap_pages()",
    result: { gives: "nothing" },
    errnos: [],
  }),
  "umem.revoke": operation({ region: named.region }, {
    summary: "Has the driver revoke a region of its own accord.",
    follows: "ib_umem_dmabuf_revoke()",
    result: { gives: "nothing" },
    errnos: [],
    events: ["stop", "unmap", "unpin"],
  }),
  "umem.state": operation({ region: named.region }, {
    summary: "Reads what the core keeps of a region.",
    follows: "struct ib_umem_dmabuf",
    result: {
      gives: "value",
      of: "{ mapped, pinned, revoked: booleans, pages: indices of the pages of the buffer that it covers }",
    },
    errnos: [],
  }),
};
