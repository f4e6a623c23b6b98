// Where pictures come from: camera, an uploaded picture or video, a sample. A frame is an ImageBitmap.

const LARGEST = 960; // pixels along the longer side: more show no network more

export class Source {
  /** `video`: the page's <video>, used for camera and video files. */
  constructor(video) {
    this.video = video;
    this.still = null; // a bitmap that stays
    this.whole = false; // a cut-out face already
  }

  get moving() {
    return this.still === null && Boolean(this.video.srcObject || this.video.src);
  }

  get fromCamera() {
    return Boolean(this.video.srcObject);
  }

  /** Throws what getUserMedia throws. */
  async useCamera() {
    if (!navigator.mediaDevices) throw new DOMException("no camera over plain http", "SecurityError");
    const wanted = { video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } }, audio: false };
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    this.stop();
    this.video.srcObject = stream;
    await this.video.play();
    return stream;
  }

  async useFile(file) {
    if (file.type.startsWith("video/")) {
      this.stop();
      this.video.src = URL.createObjectURL(file);
      await this.video.play();
      return;
    }
    await this.useStill(file, false);
  }

  async useStill(blob, whole) {
    const bitmap = await createImageBitmap(blob);
    this.stop();
    this.still = await shrunk(bitmap);
    this.whole = whole;
  }

  stop() {
    this.video.srcObject?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
    if (this.video.src) {
      URL.revokeObjectURL(this.video.src);
      this.video.removeAttribute("src");
      this.video.load();
    }
    this.still?.close();
    this.still = null;
    this.whole = false;
  }

  /** The present frame as a bitmap of one's own, or null while there is none. */
  async frame() {
    if (this.still) return createImageBitmap(this.still);
    if (!this.moving || this.video.readyState < 2) return null;
    return shrunk(this.video);
  }
}

async function shrunk(picture) {
  const [width, height] = [picture.videoWidth ?? picture.width, picture.videoHeight ?? picture.height];
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  if (scale === 1) return createImageBitmap(picture);
  const size = { resizeWidth: Math.round(width * scale), resizeHeight: Math.round(height * scale), resizeQuality: "high" };
  return createImageBitmap(picture, size);
}

/** Why no picture came, in a sentence that says what to do. */
export function trouble(error) {
  const words = {
    NotAllowedError: "The camera was not allowed. Allow it in the browser's settings of this page, or upload a picture.",
    NotFoundError: "This device has no camera. Upload a picture, or take a sample.",
    NotReadableError: "The camera is in use by another program. Close that program, then press Camera again.",
    SecurityError: "A camera needs an address that begins with https, or localhost. Upload a picture instead.",
    InvalidStateError: "This file is no picture or video that this browser can read.",
    NotSupportedError: "This file is no picture or video that this browser can read.",
    EncodingError: "This file is no picture or video that this browser can read.",
  };
  return words[error.name] ?? `That did not work: ${error.message}`;
}
