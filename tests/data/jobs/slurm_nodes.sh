#!/bin/bash
#SBATCH --nodes=4 --gpus-per-node=8
srun torchrun train.py
