// Before Redoc begins: it would ask a host of its makers' for their logo, and nothing leaves this origin.

const image = HTMLImageElement.prototype;
const { get, set } = Object.getOwnPropertyDescriptor(image, "src");
const write = image.setAttribute;
const ours = (address) => new URL(address, location.href).origin === location.origin || /^data:/.test(address);

Object.defineProperty(image, "src", {
  configurable: true,
  enumerable: true,
  get,
  set(address) {
    if (ours(address)) set.call(this, address);
  },
});
image.setAttribute = function setOurs(name, value) {
  if (name !== "src" || ours(value)) write.call(this, name, value);
};
