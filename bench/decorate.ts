/** What `@Decorator()` on a method does; type stripping knows no decorators. */
export function decorate(
  type: { prototype: object },
  method: string,
  decorator: (target: object, key: string, of: never) => void,
): void {
  decorator(type.prototype, method, Object.getOwnPropertyDescriptor(type.prototype, method) as never);
}
