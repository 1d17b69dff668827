import { testRuntimeCompliance } from '../test-support/runtime-compliance.ts'

testRuntimeCompliance('onnx-native')
