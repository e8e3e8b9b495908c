/**
 * The public interface of dmabuf-conform.
 *
 * @module
 */
export {};
