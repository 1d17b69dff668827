import { z } from 'zod/mini'

const activation = z.enum(['linear', 'relu', 'softmax'])
const pair = z.tuple([z.number(), z.number()])
const inbound = {
  name: z.string(),
  inbound_nodes: z.array(z.array(z.tuple([z.string(), z.number(), z.number(), z.unknown()]))),
}
const convolution = z.object({
  kernel_size: pair,
  strides: pair,
  padding: z.enum(['same', 'valid']),
  use_bias: z.boolean(),
  activation,
})

/** The Keras layers that MobileNetV2 is made of; anything else is refused. */
export const layerSchema = z.discriminatedUnion('class_name', [
  z.object({
    ...inbound,
    class_name: z.literal('InputLayer'),
    config: z.object({ batch_input_shape: z.array(z.nullable(z.number())) }),
  }),
  z.object({
    ...inbound,
    class_name: z.literal('ZeroPadding2D'),
    config: z.object({ padding: z.tuple([pair, pair]) }),
  }),
  z.object({ ...inbound, class_name: z.literal('Conv2D'), config: convolution }),
  z.object({ ...inbound, class_name: z.literal('DepthwiseConv2D'), config: convolution }),
  z.object({
    ...inbound,
    class_name: z.literal('BatchNormalization'),
    config: z.object({ epsilon: z.number() }),
  }),
  z.object({
    ...inbound,
    class_name: z.literal('ReLU'),
    config: z.object({ max_value: z.nullable(z.number()) }),
  }),
  z.object({ ...inbound, class_name: z.literal('Add') }),
  z.object({
    ...inbound,
    class_name: z.literal('AveragePooling2D'),
    config: z.object({ pool_size: pair, strides: pair, padding: z.literal('valid') }),
  }),
  z.object({ ...inbound, class_name: z.literal('Flatten') }),
  z.object({ ...inbound, class_name: z.literal('Dropout') }),
  z.object({
    ...inbound,
    class_name: z.literal('Dense'),
    config: z.object({ activation, use_bias: z.boolean() }),
  }),
])

export type Layer = z.infer<typeof layerSchema>
export type LayerOf<Name extends Layer['class_name']> = Extract<Layer, { class_name: Name }>
export type Activation = z.infer<typeof activation>

export const layersModelSchema = z.object({
  modelTopology: z.object({
    model_config: z.object({ config: z.object({ layers: z.array(layerSchema) }) }),
  }),
})
